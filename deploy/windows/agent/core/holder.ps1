# Who holds the executor's mutex (docs/protocol.md, section 6): told to the next one, who may take it from a process that hangs.

$script:GraceS = 5.0      # past its deadline before an executor is ended
$script:CaptureS = 60.0   # an open record without a deadline (between two steps) may last this long

function Write-Holder {
    # Who holds the executor's mutex, for the next one that finds it taken.
    param([hashtable]$Setting, $Tx)
    $platform = $Setting.Platform
    # A full disk does not stop it: then nobody can tell that this executor hangs, but what is open is undone
    $holder = [ordered]@{ pid = $PID; started = (& $platform.ProcessStart $PID); up = [Math]::Round((& $platform.Uptime), 3); boot = (& $platform.BootId); tx = $Tx }
    try {
        Write-AtomicFile -Path (Get-Layout -Root $Setting.Root).Executor -Bytes ([Text.Encoding]::ASCII.GetBytes((ConvertTo-WireJson -Value $holder)))
    } catch {
        if ((ConvertTo-ErrorField -ErrorRecord $_).code -cne 'disk-full') { throw }
    }
}

function Read-Holder {
    # The last executor that said so, if its process lives; else $null.
    param([string]$Root, [hashtable]$Platform)
    $bytes = Read-AtomicFile -Path (Get-Layout -Root $Root).Executor
    if ($null -eq $bytes) { return $null }
    $holder = ConvertFrom-WireJson -Text ([Text.Encoding]::ASCII.GetString($bytes))
    if (-not (Test-WholeNumber -Value $holder.pid -Most ([int]::MaxValue)) -or -not (Test-WholeNumber -Value $holder.started)) { return $null }
    $started = & $Platform.ProcessStart ([int]$holder.pid)
    # Start times of the same process may differ by rounding; another process under this id differs by more
    if ($null -eq $started -or [Math]::Abs([long]$started - [long]$holder.started) -gt 1000) { return $null }
    return $holder
}

function Test-HolderHung {
    # Whether the holder has been past the deadline of its last record for longer than the grace. A record from before it turned
    # to the transaction says nothing about it.
    param([hashtable]$Setting, $Holder)
    $limit = [double]$Holder.up + $script:CaptureS
    if ($null -ne $Holder.tx) {
        $transaction = Open-Transaction -Setting $Setting -Tx ([string]$Holder.tx)
        $last = if ($transaction.Journal.Records.Count -gt 0) { $transaction.Journal.Records[-1] } else { $null }
        if ($null -ne $last -and $last.boot -ceq $Holder.boot -and [double]$last.up -ge [double]$Holder.up) {
            $limit = if ($null -ne $last.deadline_up) { [double]$last.deadline_up } else { [double]$last.up + $script:CaptureS }
        }
    }
    return (& $Setting.Platform.Uptime) -gt $limit + $script:GraceS
}

function Enter-Executor {
    # Whether this process may settle: takes the mutex, from a hung executor if need be.
    param([hashtable]$Setting)
    $name = Get-MutexName -Role 'Executor' -Root $Setting.Root
    if (Enter-NamedMutex -Name $name) { return $true }
    $holder = Read-Holder -Root $Setting.Root -Platform $Setting.Platform
    if ($null -eq $holder -or -not (Test-HolderHung -Setting $Setting -Holder $holder)) { return $false }
    # With what it started: a program of a step that still runs would work beside the undo of that step
    & $Setting.Platform.StopTree ([int]$holder.pid)
    $Setting.Ended = [string]$holder.tx
    return (Enter-NamedMutex -Name $name -TimeoutMs 10000)
}
