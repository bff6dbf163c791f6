# A service's registration, as the registry has it.

$script:ServicesKey = 'SYSTEM\CurrentControlSet\Services'
$script:StartNames = @{ 0 = 'boot'; 1 = 'system'; 2 = 'auto'; 3 = 'manual'; 4 = 'disabled' }
$script:SidNames = @{ 0 = 'none'; 1 = 'unrestricted'; 3 = 'restricted' }
$script:RegistrationValues = [ordered]@{
    image_path = 'ImagePath'; display_name = 'DisplayName'; description = 'Description'; account = 'ObjectName'
    depends_on = 'DependOnService'; environment = 'Environment'; failure_actions = 'FailureActions'
    failure_on_non_crash = 'FailureActionsOnNonCrashFailures'; sid_type = 'ServiceSidType'
}

function Open-ServiceKey {
    # The service's key, or $null; the caller disposes of it.
    param([string]$Name, [bool]$Writable = $false)
    Assert-ServiceName -Name $Name
    return [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey("$($script:ServicesKey)\$Name", $Writable)
}

function Get-RawValue {
    # A value as @{ Kind; Value }, environment variables in it not replaced; $null when it is absent.
    param($Key, [string]$Name)
    $value = $Key.GetValue($Name, $null, [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
    if ($null -eq $value) { return $null }
    return @{ Kind = "$($Key.GetValueKind($Name))"; Value = $value }
}

function Get-ServiceRegistration {
    # The registration's fields (docs/protocol.md, section 4), or $null when the service isn't registered.
    param([string]$Name)
    $key = Open-ServiceKey -Name $Name
    if ($null -eq $key) { return $null }
    try {
        $values = @{}
        foreach ($value in @($script:RegistrationValues.Values) + 'Start', 'DelayedAutostart') { $values[$value] = (Get-RawValue -Key $key -Name $value).Value }
    } finally { $key.Dispose() }
    if ($null -eq $values.ImagePath) { return $null }
    return ConvertTo-Registration -Values $values
}

function ConvertTo-Registration {
    # Registry values as the protocol's fields; an absent value is the default.
    param([hashtable]$Values)
    return [ordered]@{
        image_path           = [string]$Values.ImagePath
        start                = Get-StartName -Start $Values.Start -Delayed $Values.DelayedAutostart
        account              = if ($Values.ObjectName) { [string]$Values.ObjectName } else { 'LocalSystem' }
        display_name         = [string]$Values.DisplayName
        description          = [string]$Values.Description
        depends_on           = @($Values.DependOnService | Where-Object { $_ } | ForEach-Object { [string]$_ })
        environment          = ConvertFrom-EnvironmentText -Lines $Values.Environment
        failure_actions      = Get-FailureText -Bytes $Values.FailureActions
        failure_on_non_crash = [bool]$Values.FailureActionsOnNonCrashFailures
        sid_type             = if ($null -ne $Values.ServiceSidType -and $script:SidNames.ContainsKey([int]$Values.ServiceSidType)) { $script:SidNames[[int]$Values.ServiceSidType] } else { 'none' }
    }
}

function Test-ServiceLeaving {
    # Whether a service is marked for deletion: it goes when its process has ended and nobody looks at it any more.
    param([string]$Name)
    $key = Open-ServiceKey -Name $Name
    if ($null -eq $key) { return $false }
    try { return [bool]$key.GetValue('DeleteFlag', 0) } finally { $key.Dispose() }
}

function Get-StartName {
    param($Start, $Delayed)
    $name = if ($null -ne $Start -and $script:StartNames.ContainsKey([int]$Start)) { $script:StartNames[[int]$Start] } else { 'manual' }
    if ($name -ceq 'auto' -and $Delayed) { return 'delayed-auto' }
    return $name
}

function ConvertFrom-EnvironmentText {
    # Lines `NAME=value` as a dictionary.
    param($Lines)
    $map = [ordered]@{}
    foreach ($line in @($Lines | Where-Object { $_ })) {
        $parts = ([string]$line).Split([char[]]'=', 2)
        $map[$parts[0]] = if ($parts.Count -gt 1) { $parts[1] } else { '' }
    }
    return $map
}

function Get-FailureText {
    # Recovery actions as lower hex. Two slots hold pointers of whoever wrote them, and mean nothing here: they read as zero.
    param([byte[]]$Bytes)
    if ($null -eq $Bytes -or $Bytes.Length -eq 0) { return '' }
    $copy = [byte[]]$Bytes.Clone()
    if ($copy.Length -ge 12) { [Array]::Clear($copy, 4, 8) }
    return ConvertTo-HexText -Bytes $copy
}

function Get-RegistrationState {
    <#
    .SYNOPSIS
    Whether a service exists, its state, and the fields of its registration, flat: what a step's expectation is compared with.
    #>
    param([Parameter(Mandatory = $true)][string]$Name)
    $state = Get-ServiceState -Name $Name
    $result = [ordered]@{ exists = $state.Exists; state = $state.State }
    $registration = if ($state.Exists) { Get-ServiceRegistration -Name $Name } else { $null }
    if ($null -ne $registration) { foreach ($field in $registration.Keys) { $result[$field] = $registration[$field] } }
    return $result
}

function Assert-Registration {
    # As Get-ServiceRegistration; raises missing.
    param([string]$Name)
    if (-not (Test-OnWindows)) { throw (New-WireError -Code 'unsupported' -Message 'this system has no Windows services') }
    $found = Get-ServiceRegistration -Name $Name
    if ($null -eq $found) { throw (New-WireError -Code 'missing' -Message "service $Name is not registered" -Expected 'a registered service') }
    return $found
}
