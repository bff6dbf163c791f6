# What the service control manager and Windows say of a service and its process.

# No signs of patterns and no quotes, which other programs read their own way; its key in the registry has 255 characters at most
$script:ServiceName = '^[^\\/''"*?\[\]\x00-\x1f]{1,255}\z'

function Assert-ServiceName {
    # Raises bad-request for what can't be a service's name.
    param($Name)
    if ($Name -isnot [string] -or $Name -cnotmatch $script:ServiceName) { throw (New-WireError -Code 'bad-request' -Message "'$Name' is no service name") }
}

function Get-ServiceInstance {
    # The CIM instance of a service, or $null when it isn't registered.
    param([string]$Name)
    Assert-ServiceName -Name $Name
    if (-not (Test-OnWindows)) { throw (New-WireError -Code 'unsupported' -Message 'this system has no Windows services') }
    return @(Get-CimInstance -ClassName Win32_Service -Filter "Name='$Name'")[0]
}

function Get-ServiceState {
    # @{ Exists; State; Id }; State as Stopped, StartPending, Running, StopPending; Absent when it isn't registered.
    param([string]$Name)
    $found = Get-ServiceInstance -Name $Name
    if ($null -eq $found) { return @{ Exists = $false; State = 'Absent'; Id = 0 } }
    return @{ Exists = $true; State = ([string]$found.State).Replace(' ', ''); Id = [int]$found.ProcessId }
}

function Assert-ServiceState {
    # As Get-ServiceState; raises missing.
    param([string]$Name)
    $state = Get-ServiceState -Name $Name
    if (-not $state.Exists) { throw (New-WireError -Code 'missing' -Message "service $Name is not registered" -Expected 'a registered service') }
    return $state
}

function Test-ServiceRemoved {
    # Whether a service is gone, or marked for deletion, which nothing takes back: it can be neither changed nor started any more.
    # An undo has nothing to put back then; raising for good, it would keep all that is undone after it from coming back.
    param([string]$Name)
    return -not (Get-ServiceState -Name $Name).Exists -or (Test-ServiceLeaving -Name $Name)
}

function Get-ProcessIdentity {
    # @{ Id; Image; Started } of a living process, or $null. Started: ms since 1970, the same at every look.
    param([int]$Id)
    if ($Id -le 0) { return $null }
    $started = Get-ProcessStart -Id $Id
    if ($null -eq $started) { return $null }
    $found = @(Get-CimInstance -ClassName Win32_Process -Filter "ProcessId=$Id" -Property ProcessId, ExecutablePath)[0]
    if ($null -eq $found) { return $null }
    return @{ Id = $Id; Image = [string]$found.ExecutablePath; Started = $started }
}

function Test-ProcessAlive {
    # Whether this very process still lives, and not another one under its number.
    param($Process)
    if ($null -eq $Process) { return $false }
    return (Get-ProcessStart -Id $Process.Id) -eq $Process.Started
}

function Stop-ProcessTree {
    # Ends a process and all that it started; a child is younger than its parent, or it only has an old number.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([int]$Id, [hashtable]$Platform)
    $all = @(Get-CimInstance -ClassName Win32_Process -Property ProcessId, ParentProcessId, CreationDate)
    $ended = @($all | Where-Object { [int]$_.ProcessId -eq $Id })
    for ($at = 0; $at -lt $ended.Count; $at++) {
        $parent = $ended[$at]
        $ended += @($all | Where-Object { $_.ParentProcessId -eq $parent.ProcessId -and $_.ProcessId -ne $parent.ProcessId -and $_.CreationDate -ge $parent.CreationDate })
    }
    foreach ($process in $ended) { & $Platform.StopProcess ([int]$process.ProcessId) }
}
