# PSScriptAnalyzer over every script; the module is one of those that the runners' images bring.
param([Parameter(Mandatory = $true)][string]$Settings, [Parameter(Mandatory = $true)][string[]]$Folder)
$ErrorActionPreference = 'Stop'
Import-Module -Name PSScriptAnalyzer
[Console]::Out.WriteLine("PSScriptAnalyzer $((Get-Module -Name PSScriptAnalyzer).Version)")
$found = @($Folder | ForEach-Object { Invoke-ScriptAnalyzer -Path $_ -Recurse -Settings $Settings }) # lint:ignore UnknownCommand
foreach ($finding in $found) {
    [Console]::Out.WriteLine("$($finding.ScriptPath):$($finding.Line): $($finding.Severity) $($finding.RuleName): $($finding.Message)")
}
if ($found.Count -gt 0) { exit 1 }
