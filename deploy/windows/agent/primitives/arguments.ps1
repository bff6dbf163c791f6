# The arguments of a step, checked before anything is done.

# What arguments of these names are in every verb, so that nothing has to be cast
$script:ArgumentTests = @{
    size          = { param($Value) Test-WholeNumber -Value $Value }
    port          = { param($Value) Test-Port -Value $Value }
    ports         = { param($Value) @(@($Value) | Where-Object { $null -ne $_ -and -not (Test-Port -Value $_.port) }).Count -eq 0 }
    settle_s      = { param($Value) Test-Quantity -Value $Value }
    min_healthy_s = { param($Value) Test-Quantity -Value $Value }
    interval_s    = { param($Value) Test-Quantity -Value $Value }
    timeout_s     = { param($Value) Test-Quantity -Value $Value }
}

function Test-Port {
    param([AllowNull()]$Value)
    return Test-WholeNumber -Value $Value -Least 1 -Most 65535
}

function Assert-Argument {
    # Raises bad-request for a missing argument, for one that the verb doesn't know, and for what should be a number and is none.
    param([string]$Verb, $Arguments, [string[]]$Required = @(), [string[]]$Optional = @())
    $given = if ($null -eq $Arguments) { @() } else { @($Arguments.PSObject.Properties | ForEach-Object { $_.Name }) }
    $missing = @($Required | Where-Object { $given -cnotcontains $_ })
    if ($missing.Count -gt 0) { throw (New-WireError -Code 'bad-request' -Message "${Verb}: without $($missing -join ', ')" -Expected $missing) }
    $unknown = @($given | Where-Object { $Required -cnotcontains $_ -and $Optional -cnotcontains $_ })
    if ($unknown.Count -gt 0) { throw (New-WireError -Code 'bad-request' -Message "${Verb}: unknown $($unknown -join ', ')" -Actual $unknown) }
    foreach ($name in $given) {
        $test = $script:ArgumentTests[$name]
        if ($null -eq $test -or (& $test $Arguments.$name)) { continue }
        throw (New-WireError -Code 'bad-request' -Message "${Verb}: $name is out of its range or no number" -Actual $Arguments.$name)
    }
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
