# Stopping and starting a service so that the result is proven, not hoped for.

$script:StartTypes = @{ auto = 'auto'; 'delayed-auto' = 'delayed-auto'; manual = 'demand'; disabled = 'disabled' }
# Less than the time past its deadline after which an executor counts as hung
$script:KillGraceS = 4.0
$script:ServicePollMs = 50

function Assert-StartType {
    param([string]$Start)
    if ($script:StartTypes.ContainsKey($Start)) { return }
    throw (New-WireError -Code 'bad-request' -Message "'$Start' is no start type" -Expected @($script:StartTypes.Keys | Sort-Object))
}

function Set-StartType {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Name, [string]$Start)
    Assert-StartType -Start $Start
    Invoke-ServiceControl -Arguments 'config', $Name, 'start=', $script:StartTypes[$Start]
}

function Stop-ServiceProven {
    # Disables, stops, and returns when the process is gone and its ports are free. Disabled first, so that recovery actions can't
    # resurrect it. Raises still-running past the deadline, with on_timeout `kill` only when ending its processes did not help.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param($Arguments, [hashtable]$Context)
    $name = [string]$Arguments.name
    $start = (Assert-Registration -Name $name).start
    # Marked for deletion it takes no start type, and nobody can start it
    if ($start -cne 'disabled' -and -not (Test-ServiceLeaving -Name $name)) { Set-StartType -Name $name -Start 'disabled' }
    $process = Get-ProcessIdentity -Id (Assert-ServiceState -Name $name).Id
    $stop = @{ Name = $name; Process = $process; Ports = $Arguments.ports; Asked = $false; Context = $Context }
    if (Wait-Gone -Stop $stop -Until $Context) { return }
    if ($Arguments.on_timeout -ceq 'kill') {
        $now = Get-ProcessIdentity -Id (Get-ServiceState -Name $name).Id
        Stop-ServiceProcess -Name $name -Process $(if ($null -ne $now) { $now } else { $process }) -Context $Context
        $grace = @{ Platform = $Context.Platform; DeadlineUp = (& $Context.Platform.Uptime) + $script:KillGraceS }
        if (Wait-Gone -Stop $stop -Until $grace) { return }
    }
    $busy = Get-BusyPort -Ports $Arguments.ports
    $state = (Get-ServiceState -Name $name).State
    $text = if ($busy.Count -gt 0) { "ports in use: $(@($busy | ForEach-Object { "$($_.address):$($_.port)" }) -join ', ')" } else { 'ports free' }
    throw (New-WireError -Code 'still-running' -Message "service $name is $state, ${text}, past its deadline" -Expected 'process gone, ports free' -Actual $state)
}

function Wait-Gone {
    # Whether the service has stopped, its process is gone and its ports are free before the deadline of Until.
    param([hashtable]$Stop, [hashtable]$Until)
    return Wait-Condition -Context $Until -IntervalMs $script:ServicePollMs -Condition {
        # One that is marked for deletion goes with its process
        $state = (Get-ServiceState -Name $Stop.Name).State
        if ($state -cin 'Stopped', 'Absent') { return (-not (Test-ProcessAlive -Process $Stop.Process) -and (Get-BusyPort -Ports $Stop.Ports).Count -eq 0) }
        if (-not $Stop.Asked -and $state -cin 'Running', 'StartPending', 'Paused') { $Stop.Asked = Request-ServiceStop -Name $Stop.Name -Until $Until }
        return $false
    }
}

function Request-ServiceStop {
    # Sends the stop control; false when the service can't take it now and must be asked again.
    param([string]$Name, [hashtable]$Until)
    $left = [Math]::Max(1.0, $Until.DeadlineUp - (& $Until.Platform.Uptime))
    try { $code = (Invoke-SystemProgram -Name 'sc.exe' -Arguments 'stop', $Name -TimeoutS $left).Code } catch {
        # It was asked; that its handler doesn't return is what the wait for its end is for
        if ((ConvertTo-ErrorField -ErrorRecord $_).code -ceq 'still-running') { return $true }
        throw
    }
    # 1053: its handler doesn't return
    if ($code -in 0, 1053) { return $true }
    # 1052: it can't be stopped now; 1061: it can't take controls now; 1062: it isn't running
    if ($code -in 1052, 1061, 1062) { return $false }
    throw (New-ServiceError -Name $Name -Action 'the stop' -Win32 $code)
}

function Stop-ServiceProcess {
    # Ends the process tree, after making sure that it is the service's and not a stranger with its old number.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Name, $Process, [hashtable]$Context)
    if (-not (Test-ProcessAlive -Process $Process)) { return }
    $path = [Environment]::ExpandEnvironmentVariables((Assert-Registration -Name $Name).image_path)
    if (-not $Process.Image -or $path.IndexOf($Process.Image, [StringComparison]::OrdinalIgnoreCase) -lt 0) {
        throw (New-WireError -Code 'still-running' -Message "process $($Process.Id) is not the service's own: it was not ended" -Expected $path -Actual $Process.Image)
    }
    Stop-ProcessTree -Id $Process.Id -Platform $Context.Platform
}

function Start-ServiceProven {
    # Starts the service and returns when it is Running; waits first for a stop that is under way.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Name, [hashtable]$Context)
    $start = @{ Asked = $false; State = '' }
    $running = Wait-Condition -Context $Context -IntervalMs $script:ServicePollMs -Condition {
        $start.State = (Assert-ServiceState -Name $Name).State
        if ($start.State -ceq 'Running') { return $true }
        if ($start.State -cne 'Stopped') { return $false }
        if ($start.Asked) { throw (New-WireError -Code 'start-failed' -Message "service $Name stopped while it was starting" -Actual $start.State) }
        $start.Asked = Request-ServiceStart -Name $Name -Context $Context
        return $false
    }
    if (-not $running) { throw (New-WireError -Code 'timeout' -Message "service $Name is $($start.State)" -Expected 'Running' -Actual $start.State) }
}

function Request-ServiceStart {
    # Asks for a start; false when it runs already.
    param([string]$Name, [hashtable]$Context)
    $left = [Math]::Max(1.0, $Context.DeadlineUp - (& $Context.Platform.Uptime))
    try { $ended = Invoke-SystemProgram -Name 'sc.exe' -Arguments 'start', $Name -TimeoutS $left } catch {
        if ((ConvertTo-ErrorField -ErrorRecord $_).code -cne 'still-running') { throw }
        throw (New-WireError -Code 'timeout' -Message "service $Name did not answer the service control manager in time" -Expected 'Running')
    }
    if ($ended.Code -eq 0) { return $true }
    if ($ended.Code -eq 1056) { return $false }
    throw (New-ServiceError -Name $Name -Action 'the start' -Win32 $ended.Code -Otherwise 'start-failed')
}

function Test-ServiceGone {
    # Whether a stop that was given up has ended by itself since.
    param($Arguments)
    $state = Get-ServiceState -Name $Arguments.name
    return -not $state.Exists -or ($state.State -ceq 'Stopped' -and (Get-BusyPort -Ports $Arguments.ports).Count -eq 0)
}
