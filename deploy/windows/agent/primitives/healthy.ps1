# service.healthy: the gate. What was seen is decided on in a function of its own; looking is apart.

function Get-HealthPrimitive {
    return @{
        'service.healthy' = @{
            Describe = {
                param($Arguments, $Context)
                Assert-HealthArgument -Arguments $Arguments
                New-Change -Changed $false
            }
            Do       = {
                param($Arguments, $Context)
                Assert-HealthArgument -Arguments $Arguments
                Wait-Healthy -Arguments $Arguments -Context $Context
            }
        }
    }
}

function Assert-HealthArgument {
    param($Arguments)
    Assert-Argument -Verb 'service.healthy' -Arguments $Arguments -Required 'name', 'folder', 'manifest_sha256', 'probe', 'min_healthy_s', 'interval_s'
    [void](Assert-ServiceState -Name $Arguments.name)
}

function Wait-Healthy {
    # Waits until one and the same process has been well for min_healthy_s; raises unhealthy at the deadline.
    param($Arguments, [hashtable]$Context)
    $platform = $Context.Platform
    $gate = @{ Identity = $null; Since = 0.0 }
    $seen = @{}
    while ($true) {
        $look = Get-HealthLook -Arguments $Arguments -LeftS ($Context.DeadlineUp - (& $platform.Uptime)) -Seen $seen
        $now = & $platform.Uptime
        $gate = Step-Gate -Gate $gate -Look $look -Now $now
        if (Test-GateOpen -Gate $gate -Now $now -MinHealthyS $Arguments.min_healthy_s) { return (New-Change -Changed $false -Detail @{ pid = $look.Id }) }
        if ($now -ge $Context.DeadlineUp) {
            $reason = if ($look.Reason) { $look.Reason } else { "well for $([Math]::Round($now - $gate.Since, 1)) s only" }
            throw (New-WireError -Code 'unhealthy' -Message "service $($Arguments.name): $reason" -Expected "healthy for $($Arguments.min_healthy_s) s" -Actual $reason)
        }
        $pause = [Math]::Min([double]$Arguments.interval_s, [Math]::Max(0.01, $Context.DeadlineUp - $now))
        & $platform.Sleep ([int](1000 * $pause))
    }
}

function Step-Gate {
    # The gate after a look; a process that changed, or wasn't well, starts the time anew.
    param([hashtable]$Gate, [hashtable]$Look, [double]$Now)
    if ($Look.Reason) { return @{ Identity = $null; Since = 0.0 } }
    if ($Look.Identity -ceq $Gate.Identity) { return $Gate }
    return @{ Identity = $Look.Identity; Since = $Now }
}

function Test-GateOpen {
    param([hashtable]$Gate, [double]$Now, [double]$MinHealthyS)
    return $null -ne $Gate.Identity -and $Now - $Gate.Since -ge $MinHealthyS
}

function Get-HealthLook {
    # One look: @{ Id; Identity; Reason }; Reason '' when all is well. Seen keeps the last process, whose image can't change.
    param($Arguments, [double]$LeftS, [hashtable]$Seen)
    $state = Get-ServiceState -Name $Arguments.name
    if ($state.State -cne 'Running') { return @{ Reason = "the service control manager says $($state.State)" } }
    if (-not (Test-ProcessAlive -Process $Seen.Process) -or $Seen.Process.Id -ne $state.Id) { $Seen.Process = Get-ProcessIdentity -Id $state.Id }
    $process = $Seen.Process
    if ($null -eq $process) { return @{ Reason = "process $($state.Id) is gone" } }
    $wrong = Get-FolderTrouble -Arguments $Arguments -Image $process.Image
    if ($wrong) { return @{ Reason = $wrong } }
    $answer = Test-Probe -Arguments $Arguments.probe -LimitS $LeftS
    if (-not $answer.ok) { return @{ Reason = "probe: $($answer.error)" } }
    # Asked again: it may have ended while it was probed, and another one answered
    if (-not (Test-ProcessAlive -Process $process)) { return @{ Reason = "process $($process.Id) is gone" } }
    return @{ Id = $process.Id; Identity = "$($process.Id) $($process.Started)"; Reason = '' }
}

function Get-FolderTrouble {
    # Why the process isn't that of the revision in `folder`, or ''.
    param($Arguments, [string]$Image)
    if ($null -eq $Arguments.folder) { return '' }
    $folder = Resolve-AbsolutePath -Path $Arguments.folder
    if (-not (Test-PathUnder -Path $Image -Folder $folder)) { return "the process runs $Image, not out of $folder" }
    if ($null -eq $Arguments.manifest_sha256) { return '' }
    $manifest = [IO.Path]::Combine($folder, 'revision.json')
    $found = if ([IO.File]::Exists($manifest)) { Get-FileSha256 -Path $manifest } else { 'absent' }
    if ($found -ceq $Arguments.manifest_sha256) { return '' }
    return "revision.json is $found, not $($Arguments.manifest_sha256)"
}
