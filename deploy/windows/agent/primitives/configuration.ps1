# Changing a registration in place: CIM where it can, sc.exe for what CIM lacks, the registry for the environment, which only lies there.

$script:AccountNames = @{
    '.\localsystem' = 'localsystem'; 'nt authority\system' = 'localsystem'
    'nt authority\localservice' = 'nt authority\local service'; 'nt authority\networkservice' = 'nt authority\network service'
}
$script:ChangeErrors = @{ 2 = 'access-denied'; 16 = 'pending-deletion'; 22 = 'missing' }

function Get-FoldedField {
    # A field as text to compare: accounts by one of their names, what Windows doesn't tell apart in lower case.
    param([string]$Field, $Value)
    if ($Field -ceq 'account') {
        $name = ([string]$Value).ToLowerInvariant()
        if ($script:AccountNames.ContainsKey($name)) { return $script:AccountNames[$name] }
        return $name
    }
    if ($Field -ceq 'depends_on') { return (@($Value | Where-Object { $_ }) -join "`n").ToLowerInvariant() }
    if ($Field -ceq 'environment') { return (@(Get-EnvironmentLine -Environment $Value | Sort-Object -CaseSensitive) -join "`n") }
    if ($Field -ceq 'failure_actions') { return Get-FailureText -Bytes (ConvertFrom-HexText -Text ([string]$Value)) }
    if ($Field -ceq 'failure_on_non_crash') { return "$([bool]$Value)" }
    return [string]$Value
}

function ConvertFrom-HexText {
    param([string]$Text)
    if ($Text -cnotmatch '^([0-9a-fA-F]{2})*$') { throw (New-WireError -Code 'bad-request' -Message "'$Text' is no hexadecimal text") }
    $bytes = New-Object byte[] ($Text.Length / 2)
    for ($at = 0; $at -lt $bytes.Length; $at++) { $bytes[$at] = [Convert]::ToByte($Text.Substring(2 * $at, 2), 16) }
    return , $bytes
}

function Get-EnvironmentLine {
    # An environment, as a dictionary or a custom object, as lines `NAME=value` in its own order.
    param($Environment)
    if ($Environment -is [Collections.IDictionary]) { foreach ($name in $Environment.Keys) { "$name=$($Environment[$name])" } }
    elseif ($null -ne $Environment) { foreach ($property in $Environment.PSObject.Properties) { "$($property.Name)=$($property.Value)" } }
}

function Get-DifferingField {
    # Names of the fields of Wanted that the registration has otherwise. Without a display name Windows shows the service's.
    param($Found, $Wanted)
    return , @(@($script:RegistrationValues.Keys) | Where-Object {
            $null -ne $Wanted.PSObject.Properties[$_] -and ($_ -cne 'display_name' -or $Wanted.display_name) -and (Get-FoldedField -Field $_ -Value $Found[$_]) -cne (Get-FoldedField -Field $_ -Value $Wanted.$_)
        })
}

function Set-RegistrationField {
    # Sets the named fields of a registered service. Password: bytes of UTF-8, or $null.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Name, $Wanted, [string[]]$Fields, [byte[]]$Password = $null)
    if ($Fields -ccontains 'image_path') { Edit-Service -Name $Name -Change @{ PathName = [string]$Wanted.image_path } }
    if ($Fields -ccontains 'display_name') { Edit-Service -Name $Name -Change @{ DisplayName = [string]$Wanted.display_name } }
    if ($Fields -ccontains 'account') { Set-ServiceAccount -Name $Name -Account $Wanted.account -Password $Password }
    if ($Fields -ccontains 'description') { Invoke-ServiceControl -Arguments 'description', $Name, ([string]$Wanted.description) }
    if ($Fields -ccontains 'environment') { Set-ServiceValue -Name $Name -Value 'Environment' -Kind 'MultiString' -Content @(Get-EnvironmentLine -Environment $Wanted.environment) }
    if ($Fields -ccontains 'depends_on') {
        $names = @($Wanted.depends_on | Where-Object { $_ })
        foreach ($other in $names) { Assert-ServiceName -Name $other }
        # A single / means none
        Invoke-ServiceControl -Arguments 'config', $Name, 'depend=', $(if ($names.Count -gt 0) { $names -join '/' } else { '/' })
    }
    if ($Fields -ccontains 'sid_type') { Invoke-ServiceControl -Arguments 'sidtype', $Name, ([string]$Wanted.sid_type) }
    if ($Fields -ccontains 'failure_on_non_crash') { Invoke-ServiceControl -Arguments 'failureflag', $Name, ([string][int][bool]$Wanted.failure_on_non_crash) }
    if ($Fields -ccontains 'failure_actions') { Set-FailureAction -Name $Name -Bytes (ConvertFrom-HexText -Text ([string]$Wanted.failure_actions)) }
}

function Edit-Service {
    # Win32_Service.Change; raises for its return values.
    param([string]$Name, [hashtable]$Change)
    $service = Get-ServiceInstance -Name $Name
    if ($null -eq $service) { throw (New-WireError -Code 'missing' -Message "service $Name is not registered") }
    $ended = [int](Invoke-CimMethod -InputObject $service -MethodName Change -Arguments $Change).ReturnValue
    if ($ended -eq 0) { return }
    $code = if ($script:ChangeErrors.ContainsKey($ended)) { $script:ChangeErrors[$ended] } else { 'internal' }
    $fields = @($Change.Keys | Where-Object { $_ -ne 'StartPassword' }) -join ', '
    throw (New-WireError -Code $code -Message "service ${Name}: changing $fields failed: Win32_Service.Change answered $ended" -Actual $ended)
}

function Assert-AccountPassword {
    # Raises bad-request when an account needs a password and none was given.
    param([string]$Name, [string]$Account, [byte[]]$Password)
    $folded = Get-FoldedField -Field 'account' -Value $Account
    if ($null -ne $Password -or $folded -ceq 'localsystem' -or $folded -cmatch '^nt (authority|service)\\' -or $folded.EndsWith('$')) { return }
    throw (New-WireError -Code 'bad-request' -Message "service ${Name}: the account $Account needs a password")
}

function Set-ServiceAccount {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Name, [string]$Account, [byte[]]$Password)
    Assert-AccountPassword -Name $Name -Account $Account -Password $Password
    $text = if ($null -ne $Password) { [Text.Encoding]::UTF8.GetString($Password) } else { '' }
    Edit-Service -Name $Name -Change @{ StartName = $Account; StartPassword = $text }
}

function Write-KeyValue {
    # Sets and flushes a registry value. Each type has a call of its own: an array that passes through PowerShell loses its type.
    param($Key, [string]$Name, [string]$Kind, $Content)
    switch ($Kind) {
        'MultiString' { $Key.SetValue($Name, [string[]]@($Content), [Microsoft.Win32.RegistryValueKind]::MultiString) }
        'Binary' { $Key.SetValue($Name, [byte[]]$Content, [Microsoft.Win32.RegistryValueKind]::Binary) }
        'None' { $Key.SetValue($Name, [byte[]]$Content, [Microsoft.Win32.RegistryValueKind]::None) }
        'DWord' { $Key.SetValue($Name, [int]$Content, [Microsoft.Win32.RegistryValueKind]::DWord) }
        default { $Key.SetValue($Name, [string]$Content, [Microsoft.Win32.RegistryValueKind]$Kind) }
    }
    $Key.Flush()
}

function Set-ServiceValue {
    # A registry value of the service; an empty one is removed, as a service without it has none.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Name, [string]$Value, [string]$Kind, $Content)
    $key = Open-ServiceKey -Name $Name -Writable $true
    if ($null -eq $key) { throw (New-WireError -Code 'missing' -Message "service $Name is not registered") }
    try {
        if ($null -eq $Content -or $Content.Length -eq 0) { $key.DeleteValue($Value, $false); return }
        Write-KeyValue -Key $key -Name $Value -Kind $Kind -Content $Content
    } finally { $key.Dispose() }
}
