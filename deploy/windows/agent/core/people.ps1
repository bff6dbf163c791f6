# For people at the host: what is open, and settling it by hand.

function Get-OpenTransaction {
    <#
    .SYNOPSIS
    Shows the transactions that have not ended on this host.
    .DESCRIPTION
    State is submitted, running, undoing, stuck or unreadable. A stuck one is looked at every minute by the settling task; an
    unreadable one is never touched: compare its journal with the host, then close it with Close-UnreadableTransaction.
    .PARAMETER Root
    The root folder.
    .EXAMPLE
    Get-OpenTransaction
    .EXAMPLE
    Get-OpenTransaction -Root D:\TradingSystem | Format-List
    #>
    param([string]$Root = 'C:\TradingSystem')
    foreach ($fact in (Get-TransactionFact -Root $Root)) {
        [PSCustomObject]@{
            Tx = $fact.tx; Run = $fact.run; State = $fact.state; Step = $fact.step; Since = $fact.since
            ExecutorAlive = $fact.executor_alive; Error = if ($null -ne $fact.error) { $fact.error.message } else { $null }
            Journal = (Get-TransactionPath -Root $Root -Tx $fact.tx).Journal
        }
    }
}

function Get-TransactionRecord {
    <#
    .SYNOPSIS
    Shows the journal of one transaction, record by record.
    .PARAMETER Tx
    The transaction, as Get-OpenTransaction shows it.
    .PARAMETER Root
    The root folder.
    .EXAMPLE
    Get-TransactionRecord -Tx 20261124-1810-wave-1 | Format-Table t, i, at
    #>
    param([Parameter(Mandatory = $true)][string]$Tx, [string]$Root = 'C:\TradingSystem')
    (Read-Journal -Path (Get-TransactionPath -Root $Root -Tx $Tx).Journal).Records
}

function Invoke-Settling {
    <#
    .SYNOPSIS
    Settles open transactions now, in this process, instead of waiting for the settling task.
    .DESCRIPTION
    What was begun is undone; what nobody awaits is dropped; a stuck step that has ended by now is undone. Leaves an executor
    that is at work alone. Needs an elevated PowerShell. Shows what is still open afterwards.
    .PARAMETER Root
    The root folder.
    .EXAMPLE
    Invoke-Settling
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Root = 'C:\TradingSystem')
    if ($PSCmdlet.ShouldProcess($Root, 'Settle open transactions')) { Start-Executor -Root $Root }
    Get-OpenTransaction -Root $Root
}

function Close-UnreadableTransaction {
    <#
    .SYNOPSIS
    Declares a transaction with a damaged journal as ended, after a person has looked at the host.
    .DESCRIPTION
    Renames the journal to <tx>.journal.damaged. Nothing on the host is undone.
    .PARAMETER Tx
    The transaction, as Get-OpenTransaction shows it.
    .PARAMETER Root
    The root folder.
    .EXAMPLE
    Close-UnreadableTransaction -Tx 20261124-1810-wave-1
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param([Parameter(Mandatory = $true)][string]$Tx, [string]$Root = 'C:\TradingSystem')
    $path = (Get-TransactionPath -Root $Root -Tx $Tx).Journal
    $state = Get-JournalState -Journal (Read-Journal -Path $path)
    if ($state -cne 'unreadable') { throw "${Tx} is $state, not unreadable: it settles by itself, or with Invoke-Settling" }
    if ($PSCmdlet.ShouldProcess($path, 'Declare as ended')) { [IO.File]::Move($path, "$path.damaged") }
}
