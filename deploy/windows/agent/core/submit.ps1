# Submitting a transaction: data, journal, task. From then on the host carries it out by itself.

$script:ExecutorEndsMs = 20000 # for an executor that has nothing open any more

function Assert-NewTransaction {
    # Raises exists or transaction-open; called before any data is taken in.
    param([hashtable]$Worker, $Arguments)
    $path = Get-TransactionPath -Root $Worker.Root -Tx ([string]$Arguments.tx)
    $await = $Arguments.await_s
    if ($null -ne $await -and -not (Test-Quantity -Value $await)) { throw (New-WireError -Code 'bad-request' -Message 'tx.submit: await_s is no number of seconds') }
    if ($Arguments.steps.Count -eq 0) { throw (New-WireError -Code 'bad-request' -Message 'tx.submit: there are no steps') }
    if ([IO.File]::Exists($path.Journal)) { throw (New-WireError -Code 'exists' -Message "the transaction $($Arguments.tx) was submitted before") }
    $open = Get-TransactionFact -Root $Worker.Root -Platform $Worker.Platform
    if ($open.Count -gt 0) { throw (New-WireError -Code 'transaction-open' -Message "the transaction $($open[0].tx) is open" -Actual $open[0]) }
}

function Submit-Transaction {
    # Verb tx.submit; its data streams lie in <tx>.d already.
    param([hashtable]$Worker, [long]$Seq, $Request)
    $tx = [string]$Request.args.tx
    $path = Get-TransactionPath -Root $Worker.Root -Tx $tx
    try {
        New-ProtectedFolder -Path $path.Data
        Write-Reserve -Path $path
        Write-Submission -Worker $Worker -Path $path -Request $Request
    } catch {
        if (-not [IO.File]::Exists($path.Journal)) { Remove-Tree -Path $path.Data }
        throw
    }
    & $Worker.Platform.OnCheckpoint 'submitted'
    Start-Settling -Worker $Worker -Tx $tx
    $follow = $null -eq $Request.args.follow -or $Request.args.follow
    if ($follow) { return (Wait-Transaction -Worker $Worker -Seq $Seq -Tx $tx -After 0) }
    return (Read-TransactionView -Worker $Worker -Tx $tx -After 0)
}

function Write-Submission {
    # The triggers, then the journal's first record, renamed into place, so that no executor ever sees a journal without it. All
    # that under the executor's mutex: one that is just ending would switch the triggers off behind our back.
    param([hashtable]$Worker, [hashtable]$Path, $Request)
    $await = if ($null -ne $Request.args.await_s) { [double]$Request.args.await_s } else { 60.0 }
    $record = [ordered]@{
        t = 'submitted'; tx = $Path.Tx; run = [string]$Request.run; epoch = [long]$Request.epoch; agent = $Worker.Agent
        await_s = $await; steps = $Request.args.steps
    }
    $beside = "$($Path.Journal).new"
    $mutex = Get-MutexName -Role 'Executor' -Root $Worker.Root
    if (-not (Enter-NamedMutex -Name $mutex -TimeoutMs $script:ExecutorEndsMs)) {
        throw (New-WireError -Code 'transaction-open' -Message 'an executor is still at work on this host' -Expected 'its end')
    }
    try {
        & $Worker.Platform.EnableTask $Worker.Root
        & $Worker.Platform.OnCheckpoint 'submit'
        [IO.File]::Delete($beside)
        Add-JournalRecord -Path $beside -Record $record -Platform $Worker.Platform
        [IO.File]::Move($beside, $Path.Journal)
    } finally { Exit-NamedMutex -Name $mutex }
}

function Start-Settling {
    # Starts the task. When that fails, nothing may begin behind the controller's back: it is dropped.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([hashtable]$Worker, [string]$Tx)
    try {
        Start-TaskAnew -Worker $Worker
    } catch {
        $fields = ConvertTo-ErrorField -ErrorRecord $_
        if (-not (Stop-Submission -Worker $Worker -Tx $Tx -Failure $fields)) { return }
        throw
    }
}

function Start-TaskAnew {
    # Enabled again each time: an executor that was just ending may have disabled it in between.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([hashtable]$Worker)
    $platform = $Worker.Platform
    try {
        & $platform.StartTask $Worker.Root
    } catch {
        & $platform.EnableTask $Worker.Root
        & $platform.StartTask $Worker.Root
    }
}

function Stop-Submission {
    # Whether the transaction is dropped for certain; false when an executor has it.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([hashtable]$Worker, [string]$Tx, $Failure = $null)
    $mutex = Get-MutexName -Role 'Executor' -Root $Worker.Root
    if (-not (Enter-NamedMutex -Name $mutex)) { return $false }
    try {
        $journal = Read-Journal -Path (Get-TransactionPath -Root $Worker.Root -Tx $Tx).Journal
        if ((Get-JournalState -Journal $journal) -cne 'submitted') { return $false }
        Add-Dropped -Root $Worker.Root -Tx $Tx -Platform $Worker.Platform -Failure $Failure
        return $true
    } finally { Exit-NamedMutex -Name $mutex }
}

function Stop-Transaction {
    # Verb tx.cancel: the executor looks for the marker between two steps.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([hashtable]$Worker, [string]$Tx)
    $path = Get-TransactionPath -Root $Worker.Root -Tx $Tx
    if (-not [IO.File]::Exists($path.Journal)) { throw (New-WireError -Code 'missing' -Message "no transaction $Tx on this host") }
    # Of one that has ended, nobody would take the marker away
    if ((Get-JournalState -Journal (Read-Journal -Path $path.Journal)) -cin 'submitted', 'running', 'undoing') {
        Write-FlushedFile -Path $path.Cancel -Bytes (New-Object byte[] 0)
    }
    return @{}
}
