# registry.set: one value below HKEY_LOCAL_MACHINE.

$script:RegistryKinds = @{ REG_SZ = 'String'; REG_EXPAND_SZ = 'ExpandString'; REG_DWORD = 'DWord'; REG_MULTI_SZ = 'MultiString'; REG_BINARY = 'Binary' }

function Get-RegistryPrimitive {
    return @{
        'registry.set' = @{
            Describe = { param($Arguments, $Context) Get-RegistryChange -Arguments $Arguments }
            Do       = {
                param($Arguments, $Context)
                $change = Get-RegistryChange -Arguments $Arguments
                if ($change.changed) { Set-RegistryValue -Arguments $Arguments -Saved (ConvertTo-WantedValue -Arguments $Arguments) }
                $change
            }
            Capture  = { param($Arguments, $Context) @{ previous = (Get-RegistryValue -Arguments $Arguments) } }
            Undo     = { param($Arguments, $Undo, $Context) Set-RegistryValue -Arguments $Arguments -Saved $Undo.previous }
        }
    }
}

function Get-RegistryPath {
    # The key below HKEY_LOCAL_MACHINE; raises bad-request for any other.
    param($Key)
    if ($Key -isnot [string] -or $Key -notmatch '^HKLM\\([^\\].*)$') { throw (New-WireError -Code 'bad-request' -Message "'$Key': expected a key below HKLM") }
    if (-not (Test-OnWindows)) { throw (New-WireError -Code 'unsupported' -Message 'this system has no registry') }
    return $Matches[1]
}

function Get-RegistryValue {
    # The value as @{ kind; value }, bytes as hex; $null when it is absent.
    param($Arguments)
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey((Get-RegistryPath -Key $Arguments.key))
    if ($null -eq $key) { return $null }
    try { $found = Get-RawValue -Key $key -Name $Arguments.name } finally { $key.Dispose() }
    if ($null -eq $found) { return $null }
    return ConvertTo-SavedValue -Raw $found
}

function ConvertTo-WantedValue {
    # The value of the arguments in the same form; raises bad-request when it isn't of its type.
    param($Arguments)
    if ($null -eq $Arguments.value) { return $null }
    $kind = $script:RegistryKinds[[string]$Arguments.type]
    $value = $Arguments.value
    $fits = switch ($kind) {
        'DWord' { $value -is [int] -or $value -is [long] }
        'MultiString' { $value -is [array] }
        'Binary' { $value -is [string] -and $value -cmatch '^([0-9a-f]{2})*$' }
        default { $null -ne $kind -and $value -is [string] }
    }
    if (-not $fits) { throw (New-WireError -Code 'bad-request' -Message "'$($Arguments.name)': the value is no $($Arguments.type)" -Expected @($script:RegistryKinds.Keys | Sort-Object)) }
    if ($kind -ceq 'DWord') { $value = [BitConverter]::ToInt32([BitConverter]::GetBytes([long]$value), 0) }
    return [ordered]@{ kind = $kind; value = $value }
}

function Get-RegistryChange {
    param($Arguments)
    Assert-Argument -Verb 'registry.set' -Arguments $Arguments -Required 'key', 'name', 'type', 'value'
    $found = Get-RegistryValue -Arguments $Arguments
    $wanted = ConvertTo-WantedValue -Arguments $Arguments
    if ((ConvertTo-WireJson -Value $found) -ceq (ConvertTo-WireJson -Value $wanted)) { return (New-Change -Changed $false) }
    return (New-Change -Changed $true -Detail @{ was = $(if ($null -eq $found) { 'absent' } else { 'other' }) })
}

function Set-RegistryValue {
    # Writes a value in saved form, or removes it for $null.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param($Arguments, $Saved)
    $path = Get-RegistryPath -Key $Arguments.key
    $machine = [Microsoft.Win32.Registry]::LocalMachine
    $key = if ($null -eq $Saved) { $machine.OpenSubKey($path, $true) } else { $machine.CreateSubKey($path) }
    if ($null -eq $key) { return }
    try {
        if ($null -ne $Saved) { Write-KeyValue -Key $key -Name $Arguments.name -Kind $Saved.kind -Content (ConvertFrom-SavedValue -Saved $Saved) }
        else { $key.DeleteValue($Arguments.name, $false); $key.Flush() }
    } finally { $key.Dispose() }
}
