# Settling: what becomes of each open transaction (docs/protocol.md, section 6).

$script:KeptJournals = 20

function Get-OpenName {
    # Names of the transactions that a settling could bring on.
    param([string]$Root)
    return @(Get-JournalName -Root $Root | Where-Object {
            $path = Get-TransactionPath -Root $Root -Tx $_
            (Get-JournalState -Journal (Read-Journal -Path $path.Journal)) -cin 'submitted', 'running', 'undoing', 'stuck'
        })
}

function Test-Awaited {
    # Whether the controller still counts on a submitted transaction: its run still holds the lock under the same epoch, same boot,
    # and not too long ago.
    param([string]$Root, [hashtable]$Platform, $Submitted)
    if ($null -eq $Submitted -or -not (Test-GrantedPair -Root $Root -Submitted $Submitted)) { return $false }
    $age = (& $Platform.Uptime) - [double]$Submitted.up
    return $Submitted.boot -ceq (& $Platform.BootId) -and $age -ge 0 -and $age -le [double]$Submitted.await_s
}

function Add-Dropped {
    # Ends a transaction that never began; for who holds the executor's mutex.
    param([string]$Root, [string]$Tx, [hashtable]$Platform, $Failure = $null)
    if ($null -eq $Failure) { $Failure = [ordered]@{ code = 'timeout'; message = 'nobody awaits it any more; nothing was done' } }
    $path = (Get-TransactionPath -Root $Root -Tx $Tx).Journal
    Remove-TornTail -Path $path -Journal (Read-Journal -Path $path)
    Add-JournalRecord -Path $path -Record ([ordered]@{ t = 'ended'; outcome = 'dropped'; error = $Failure }) -Platform $Platform
}

function Resolve-Transaction {
    # Brings one open transaction on as far as it goes; gives its state afterwards.
    param([hashtable]$Setting, [string]$Tx)
    $transaction = Open-Transaction -Setting $Setting -Tx $Tx
    $journal = $transaction.Journal
    $state = Get-JournalState -Journal $journal
    if ($state -cin 'committed', 'undone', 'unreadable') { return $state }
    if ($state -ceq 'dropped' -and $journal.Records.Count -gt 0) { return $state }
    Remove-TornTail -Path $transaction.Path.Journal -Journal $journal
    Write-Holder -Setting $Setting -Tx $Tx
    if ($null -eq (Get-LastRecord -Journal $journal -Type 'begun')) {
        if (Test-Awaited -Root $Setting.Root -Platform $Setting.Platform -Submitted $transaction.Submitted) { return Invoke-Transaction -Transaction $transaction }
        Add-Dropped -Root $Setting.Root -Tx $Tx -Platform $Setting.Platform
        return 'dropped'
    }
    $last = $journal.Records[-1]
    if ($last.t -ceq 'stuck' -and $last.phase -ceq 'do' -and -not (Test-StepSettled -Transaction $transaction -Stuck $last)) { return 'stuck' }
    Add-Interruption -Transaction $transaction
    return Invoke-TransactionUndo -Transaction $transaction
}

function Add-Interruption {
    # Says why a transaction whose executor ended is undone, unless its journal says so already.
    param([hashtable]$Transaction)
    $journal = $Transaction.Journal
    if ($null -ne (Get-LastRecord -Journal $journal -Type 'failed', 'stuck')) { return }
    $doing = Get-LastRecord -Journal $journal -Type 'doing'
    $fields = [ordered]@{ code = 'cancelled'; message = 'the executor ended before the transaction did' }
    if ($Transaction.Setting.Ended -ceq $Transaction.Path.Tx) {
        $fields = [ordered]@{ code = 'timeout'; message = 'the step was past its deadline and did not answer; its executor was ended' }
    }
    if ($null -ne $doing) { $fields.where = $doing.id }
    Add-Record -Transaction $Transaction -Record ([ordered]@{ t = 'failed'; i = [int]$doing.i; error = $fields })
}

function Test-StepSettled {
    # Whether a step that did not end in time has ended by now. What can't be told has not.
    param([hashtable]$Transaction, $Stuck)
    # A process of another boot is gone
    if ($Stuck.boot -cne (& $Transaction.Setting.Platform.BootId)) { return $true }
    $index = [int]$Stuck.i
    $step = $Transaction.Submitted.steps[$index]
    try {
        $primitive = Get-Primitive -Table $Transaction.Setting.Table -Step $step
        if ($null -eq $primitive.Settled) { return $false }
        $deadline = Get-StepDeadline -Platform $Transaction.Setting.Platform -Step $step
        $context = New-TransactionContext -Transaction $Transaction -Index $index -DeadlineUp $deadline
        return [bool]@(& $primitive.Settled $step.args $context)[-1]
    } catch {
        [Console]::Error.WriteLine("$($Transaction.Path.Tx): $($_.Exception.Message)")
        return $false
    }
}

function Resolve-AllTransaction {
    # One look at every journal; gives whether anything that a later look could settle is still open.
    param([hashtable]$Setting)
    $open = $false
    foreach ($tx in (Get-JournalName -Root $Setting.Root)) {
        try {
            if ((Resolve-Transaction -Setting $Setting -Tx $tx) -ceq 'stuck') { $open = $true }
        } catch {
            # A full disk, say: the next look tries again, and the others are not held up
            [Console]::Error.WriteLine("${tx}: $($_.Exception.Message)")
            $open = $true
        }
    }
    return $open
}

function Remove-EndedTransaction {
    # Data of ended transactions, and all but the newest journals.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Root)
    $ended = @(Get-JournalName -Root $Root | Where-Object {
            $path = Get-TransactionPath -Root $Root -Tx $_
            (Get-JournalState -Journal (Read-Journal -Path $path.Journal)) -cin 'committed', 'undone', 'dropped'
        })
    for ($at = 0; $at -lt $ended.Count; $at++) {
        $path = Get-TransactionPath -Root $Root -Tx $ended[$at]
        Remove-Tree -Path $path.Data
        [IO.File]::Delete($path.Cancel)
        if ($at -ge $ended.Count - $script:KeptJournals) { continue }
        [IO.File]::Delete($path.Journal)
    }
}

function Start-Executor {
    <#
    .SYNOPSIS
    Settles what is open under a root: carries out, undoes or drops each transaction; what the settling task runs.
    .DESCRIPTION
    Does nothing while another process does the same, unless that one hangs past its deadline: then it is ended. Disables the
    settling task when nothing is left for it. People use Invoke-Settling.
    .PARAMETER Root
    The root folder.
    .PARAMETER Agent
    SHA-256 of this module, lower hex: its name on the host.
    .PARAMETER Table
    The primitive verbs; another table is for tests.
    .PARAMETER Platform
    Clock, processes and settling task; other ones are for tests.
    .OUTPUTS
    None.
    .EXAMPLE
    Start-Executor -Root C:\TradingSystem -Agent 0123abcd
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Root,
        [string]$Agent = '',
        [hashtable]$Table = (Get-PrimitiveTable),
        [hashtable]$Platform = (New-Platform)
    )
    [void](Hide-ArrayCount)
    [void](Invoke-Executor -Setting @{ Root = $Root; Agent = $Agent; Table = $Table; Platform = $Platform })
}

function Invoke-Executor {
    # Whether this process settled what is open; false when another one is at it.
    param([hashtable]$Setting)
    $root = $Setting.Root
    $platform = $Setting.Platform
    Initialize-State -Root $root
    if (-not (Enter-Executor -Setting $Setting)) { return $false }
    try {
        Write-Holder -Setting $Setting -Tx $null
        while (-not (Resolve-AllTransaction -Setting $Setting)) {
            # First of all: whoever has read that the last one ended shall soon find nothing of ours running
            & $platform.DisableTask $root
            & $platform.OnCheckpoint 'disabled'
            # One that came between the look and the disabling would wait for a task that is off
            if (@(Get-OpenName -Root $root).Count -eq 0) {
                Remove-EndedTransaction -Root $root
                break
            }
            & $platform.EnableTask $root
        }
        [IO.File]::Delete((Get-Layout -Root $root).Executor)
    } finally {
        Exit-NamedMutex -Name (Get-MutexName -Role 'Executor' -Root $root)
    }
    return $true
}
