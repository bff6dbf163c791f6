# The arguments of a step, checked before anything is done.

function Assert-Argument {
    # Raises bad-request for a missing argument and for one that the verb doesn't know.
    param([string]$Verb, $Arguments, [string[]]$Required = @(), [string[]]$Optional = @())
    $given = if ($null -eq $Arguments) { @() } else { @($Arguments.PSObject.Properties | ForEach-Object { $_.Name }) }
    $missing = @($Required | Where-Object { $given -cnotcontains $_ })
    if ($missing.Count -gt 0) { throw (New-WireError -Code 'bad-request' -Message "${Verb}: without $($missing -join ', ')" -Expected $missing) }
    $unknown = @($given | Where-Object { $Required -cnotcontains $_ -and $Optional -cnotcontains $_ })
    if ($unknown.Count -gt 0) { throw (New-WireError -Code 'bad-request' -Message "${Verb}: unknown $($unknown -join ', ')" -Actual $unknown) }
}

function New-Change {
    # What a primitive answers.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([bool]$Changed, $Detail = $null)
    return @{ changed = $Changed; detail = $Detail }
}

function ConvertTo-TextMap {
    # The properties of a custom object as a dictionary that tells upper case from lower.
    param($Value)
    $map = New-Object 'System.Collections.Generic.Dictionary[string,string]' ([StringComparer]::Ordinal)
    if ($null -ne $Value) {
        foreach ($property in $Value.PSObject.Properties) { $map[$property.Name] = [string]$property.Value }
    }
    return , $map
}

function Find-InnerException {
    # The exception of a type within an error record, or $null: PowerShell wraps what a method throws.
    param($ErrorRecord, [type]$Type)
    for ($at = $ErrorRecord.Exception; $null -ne $at; $at = $at.InnerException) {
        if ($at -is $Type) { return $at }
    }
    return $null
}
