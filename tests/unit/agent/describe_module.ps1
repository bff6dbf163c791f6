# What the module shows a person, as JSON: its functions, the help of the exported ones, what importing it printed and changed.
param([string]$Module)

function Get-Preference { (@(Get-Variable -Name '*Preference' -Scope Global | Sort-Object -Property Name | ForEach-Object { "$($_.Name)=$($_.Value)" }) -join "`n") }

$before = Get-Preference
$said = @(Import-Module -Name $Module *>&1 | ForEach-Object { "$_" })
$after = Get-Preference
$loaded = Get-Module | Where-Object { $_.Path -eq $Module }
$all = & $loaded { Get-ChildItem -Path function: | Where-Object { $null -ne $_.Module -and $_.Module.Path -eq $ExecutionContext.SessionState.Module.Path } | ForEach-Object { $_.Name } }
$exported = foreach ($name in $loaded.ExportedFunctions.Keys) {
    $help = Get-Help -Name $name -Full
    $command = Get-Command -Name $name
    @{
        name = $name; synopsis = "$($help.Synopsis)"; description = "$(@($help.description | ForEach-Object { $_.Text }) -join ' ')"
        parameters = @($help.parameters.parameter | Where-Object { $_ } | ForEach-Object { @{ name = "$($_.name)"; text = "$(@($_.description | ForEach-Object { $_.Text }) -join ' ')" } })
        own = @($command.ScriptBlock.Ast.Body.ParamBlock.Parameters | ForEach-Object { $_.Name.VariablePath.UserPath })
        examples = @($help.examples.example | Where-Object { $_ } | ForEach-Object { "$($_.code)" })
        outputs = "$(@($help.returnValues.returnValue | ForEach-Object { $_.type.name }) -join ' ')"
        advanced = [bool]$command.CmdletBinding
    }
}
$found = @{ functions = @($all); exported = @($exported); said = $said; kept = ($before -eq $after) }
[Console]::Out.Write((ConvertTo-Json -InputObject $found -Depth 6 -Compress))
