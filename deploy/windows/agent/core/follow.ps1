# What a worker sees of transactions. Of one that never began it ends the journal, under the executor's mutex.

$script:FirstProgressMs = 1500
$script:NextProgressMs = 20000
$script:NudgeMs = 1000
$script:LookMs = 50

function Get-ExecutorAlive {
    # Whether an executor is at work under this root. Told by its record and its process: to look at its mutex is to take it for
    # a moment, which would send away an executor that tries it then.
    param([string]$Root, [hashtable]$Platform = (New-Platform))
    return $null -ne (Read-Holder -Root $Root -Platform $Platform)
}

function Get-TransactionFact {
    <#
    .SYNOPSIS
    The open transactions of a root, as the facts report them.
    #>
    param([Parameter(Mandatory = $true)][string]$Root, [hashtable]$Platform = (New-Platform))
    $alive = $null
    $facts = New-Object System.Collections.ArrayList
    foreach ($tx in (Get-JournalName -Root $Root)) {
        $journal = Read-Journal -Path (Get-TransactionPath -Root $Root -Tx $tx).Journal
        $state = Get-JournalState -Journal $journal
        if ($state -cin 'committed', 'undone', 'dropped') { continue }
        if ($null -eq $alive) { $alive = Get-ExecutorAlive -Root $Root }
        [void]$facts.Add((Get-OpenFact -Tx $tx -State $state -Journal $journal -Alive $alive))
    }
    return , $facts.ToArray()
}

function Get-OpenFact {
    param([string]$Tx, [string]$State, [hashtable]$Journal, [bool]$Alive)
    $first = if ($Journal.Records.Count -gt 0) { $Journal.Records[0] } else { $null }
    $doing = Get-LastRecord -Journal $Journal -Type 'doing', 'undoing', 'stuck'
    $failure = Get-LastRecord -Journal $Journal -Type 'failed', 'stuck'
    $step = if ($null -eq $doing -or $null -eq $first) { $null } else { $first.steps[[int]$doing.i].id }
    return [ordered]@{
        tx             = $Tx
        run            = $first.run
        state          = $State
        step           = $step
        since          = $first.at
        executor_alive = $Alive
        error          = $failure.error
    }
}

function Clear-NeverBegun {
    # For who takes the lock: drops what was submitted under an older pair and never begun, and sees to it that what was begun is
    # settled. Raises transaction-open while an executor is at work.
    param([hashtable]$Worker)
    $root = $Worker.Root
    if (@(Get-OpenName -Root $root).Count -eq 0) { return }
    $mutex = Get-MutexName -Role 'Executor' -Root $root
    if (-not (Enter-NamedMutex -Name $mutex)) {
        $open = @((Get-TransactionFact -Root $root -Platform $Worker.Platform) | Where-Object { $_.state -cne 'unreadable' })
        throw (New-WireError -Code 'transaction-open' -Message "the transaction $($open[0].tx) is being carried out" -Actual $open[0])
    }
    try {
        # Read again: until we had the mutex, an executor may have begun or ended one
        foreach ($tx in (Get-OpenName -Root $root)) {
            $journal = Read-Journal -Path (Get-TransactionPath -Root $root -Tx $tx).Journal
            if ((Get-JournalState -Journal $journal) -ceq 'submitted') { Add-Dropped -Root $root -Tx $tx -Platform $Worker.Platform }
        }
    } finally { Exit-NamedMutex -Name $mutex }
    if (@(Get-OpenName -Root $root).Count -eq 0) { return }
    & $Worker.Platform.EnableTask $root
    # An instance that came by while we had the mutex has left; the next one would come in a minute
    try { & $Worker.Platform.StartTask $root } catch { [Console]::Error.WriteLine($_.Exception.Message) }
}

function Resume-Submission {
    # For a follower of a transaction that has not begun: starts an executor anew, or drops what none may begin any more, so that
    # following it ends.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([hashtable]$Worker, [string]$Tx)
    $journal = Read-Journal -Path (Get-TransactionPath -Root $Worker.Root -Tx $Tx).Journal
    if ((Get-JournalState -Journal $journal) -cne 'submitted') { return }
    if (Test-Awaited -Root $Worker.Root -Platform $Worker.Platform -Submitted $journal.Records[0]) {
        # Its start met an executor that was just ending
        if (-not (Get-ExecutorAlive -Root $Worker.Root)) { Start-TaskAnew -Worker $Worker }
        return
    }
    [void](Stop-Submission -Worker $Worker -Tx $Tx)
}

function Read-TransactionView {
    # Verb tx.read: the records behind the first After, the outcome (null while open), whether an executor is at work.
    param([hashtable]$Worker, [string]$Tx, [int]$After)
    $path = Get-TransactionPath -Root $Worker.Root -Tx $Tx
    if (-not [IO.File]::Exists($path.Journal)) { throw (New-WireError -Code 'missing' -Message "no transaction $Tx on this host") }
    # Asked first: an executor that ends in between has written its last record by then
    $alive = Get-ExecutorAlive -Root $Worker.Root
    $journal = Read-Journal -Path $path.Journal
    $state = Get-JournalState -Journal $journal
    $outcome = if ($state -cin 'committed', 'undone', 'dropped', 'stuck', 'unreadable') { $state } else { $null }
    return [ordered]@{ records = @($journal.Records | Select-Object -Skip $After); outcome = $outcome; executor_alive = $alive }
}

function Wait-Transaction {
    # Verb tx.follow: answers as tx.read once the transaction has ended, is stuck or unreadable; progress events until then.
    param([hashtable]$Worker, [long]$Seq, [string]$Tx, [int]$After)
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $nextMs = $script:FirstProgressMs
    $nudgeMs = $script:NudgeMs
    $told = $After
    $journal = (Get-TransactionPath -Root $Worker.Root -Tx $Tx).Journal
    $length = -1
    while ($true) {
        $file = New-Object System.IO.FileInfo($journal)
        $seen = if ($file.Exists) { $file.Length } else { 0 }
        if ($seen -ne $length) {
            $length = $seen
            $state = Get-JournalState -Journal (Read-Journal -Path $journal)
            $view = Read-TransactionView -Worker $Worker -Tx $Tx -After $After
            if ($null -ne $view.outcome) { return $view }
        }
        if ($watch.ElapsedMilliseconds -ge $nextMs) {
            $fresh = @($view.records | Select-Object -Skip ($told - $After))
            $told += $fresh.Count
            Write-JsonFrame -Channel $Worker.Channel -Kind 'E' -Seq $Seq -Value ([ordered]@{ event = 'progress'; tx = $Tx; records = $fresh })
            $nextMs = $watch.ElapsedMilliseconds + $script:NextProgressMs
        }
        if ($watch.ElapsedMilliseconds -ge $nudgeMs -and $state -ceq 'submitted') {
            try { Resume-Submission -Worker $Worker -Tx $Tx } catch { [Console]::Error.WriteLine("${Tx}: $($_.Exception.Message)") }
            $nudgeMs = $watch.ElapsedMilliseconds + $script:NudgeMs
        }
        & $Worker.Platform.Sleep $script:LookMs
    }
}
