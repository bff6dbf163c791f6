# For people at the host: what is open, what happened, who holds the run lock. Errors are theirs, not the protocol's.

$script:EndedStates = 'committed', 'undone', 'dropped'

function Get-OwnRoot {
    # The root under which this module lies, or the usual one for a module that was imported from elsewhere.
    $folder = [IO.Path]::GetDirectoryName($ExecutionContext.SessionState.Module.Path)
    $above = [IO.Path]::GetDirectoryName($folder)
    if ([IO.Path]::GetFileName($folder) -ceq 'agent' -and [IO.Path]::GetFileName($above) -ceq 'infrastructure') { return [IO.Path]::GetDirectoryName($above) }
    return 'C:\TradingSystem'
}

function Assert-Console {
    # Raises for what would make every answer wrong: without the rights to look, an open transaction looks like none.
    param([string]$Root)
    if (-not (Test-Elevated)) {
        throw (New-WireError -Code 'access-denied' -Message "This needs an administrator's rights: open Windows PowerShell with 'Run as administrator', and import the module there again.")
    }
    if ([IO.Directory]::Exists($Root)) { return }
    throw (New-WireError -Code 'missing' -Message "There is no folder ${Root}: say with -Root where the trading system lies, such as -Root D:\TradingSystem.")
}

function ConvertTo-LocalTime {
    # A record's time (UTC, text) as a local one; $null for what is none.
    param($Text)
    $time = [DateTime]::MinValue
    $styles = [Globalization.DateTimeStyles]'AdjustToUniversal, AssumeUniversal'
    if (-not [DateTime]::TryParse([string]$Text, [Globalization.CultureInfo]::InvariantCulture, $styles, [ref]$time)) { return $null }
    return $time.ToLocalTime()
}

function Get-FailureLine {
    # A record's error as one line.
    param([AllowNull()]$Failure)
    if ($null -eq $Failure) { return $null }
    return "$($Failure.message) ($($Failure.code))"
}

function Get-NextMove {
    # What becomes of a transaction, and what a person can do about it.
    param([string]$State, $Last, $Holder, [string]$Tx)
    if ($State -cin $script:EndedStates) { return 'It has ended; there is nothing to do.' }
    if ($State -ceq 'unreadable') { return 'Nobody touches it. Compare Get-TransactionRecord with the host, then Close-UnreadableTransaction.' }
    # Between two of its looks it names none
    if ($null -ne $Holder -and ($Holder.tx -ceq $Tx -or $State -cne 'stuck')) { return "Process $($Holder.pid) is at work on it: wait." }
    if ($State -ceq 'submitted') { return 'It begins within a minute, or is dropped when nobody waits for it any more. Now: Invoke-Settling.' }
    if ($State -cne 'stuck') { return 'It is undone within a minute. Now: Invoke-Settling.' }
    if ($Last.phase -ceq 'undo') { return 'Its undo failed, and is tried again every minute: take away the reason. Now: Invoke-Settling.' }
    return 'It is undone once what hangs has ended; looked at every minute. Now: Invoke-Settling.'
}

function Get-TransactionView {
    # One transaction, open or ended, as people see it.
    param([string]$Root, [string]$Tx, $Holder)
    $path = (Get-TransactionPath -Root $Root -Tx $Tx).Journal
    $journal = Read-Journal -Path $path
    $state = Get-JournalState -Journal $journal
    $fact = Get-OpenFact -Tx $Tx -State $state -Journal $journal -Alive ($null -ne $Holder)
    $last = if ($journal.Records.Count -gt 0) { $journal.Records[-1] } else { $null }
    # Of an ended one, the last step that was undone says nothing
    $at = if ($state -cin $script:EndedStates) { $null } else { $fact.step }
    $step = @($journal.Records | Select-Object -First 1 | ForEach-Object { $_.steps } | Where-Object { $null -ne $at -and $_.id -ceq $at })[0]
    return [PSCustomObject][ordered]@{
        Tx      = $Tx
        State   = $state
        Step    = $at
        Service = if ($null -ne $step.args.name) { $step.args.name } else { $step.args.service }
        Error   = Get-FailureLine -Failure $fact.error
        Next    = Get-NextMove -State $state -Last $last -Holder $Holder -Tx $Tx
        Since   = ConvertTo-LocalTime -Text $fact.since
        Run     = $fact.run
        Who     = Get-RunOwner -Root $Root -Run $fact.run
        Journal = $path
    }
}

function Get-RunOwner {
    # Who started a run, as far as the lock's record still says it.
    param([string]$Root, $Run)
    try { $record = Read-LockRecord -Root $Root } catch { return $null }
    if ($null -eq $Run -or $null -eq $record -or $record.run -cne $Run) { return $null }
    return $record.who
}

function Get-OpenTransaction {
    <#
    .SYNOPSIS
    Shows the transactions that have not ended on this host.
    .DESCRIPTION
    No output: nothing is open. State is submitted, running, undoing, stuck or unreadable; Next says what becomes of it and what
    you can do. The settling task looks every minute at all but an unreadable one. Changes nothing.
    .PARAMETER Root
    The root folder; by itself the one under which this module lies.
    .OUTPUTS
    One object for each open transaction: Tx, State, Step, Service, Error, Next, Since (local time), Run, Who, Journal.
    .EXAMPLE
    Get-OpenTransaction
    .EXAMPLE
    Get-OpenTransaction -Root D:\TradingSystem | Format-Table -Property Tx, State, Step, Since
    #>
    [CmdletBinding()]
    param([string]$Root = (Get-OwnRoot))
    try {
        Assert-Console -Root $Root
        $holder = Read-Holder -Root $Root -Platform (New-Platform)
        $views = @(Get-JournalName -Root $Root | ForEach-Object { Get-TransactionView -Root $Root -Tx $_ -Holder $holder })
    } catch { $PSCmdlet.ThrowTerminatingError($_) }
    return $views | Where-Object { $_.State -cnotin $script:EndedStates }
}

function Get-RunLock {
    <#
    .SYNOPSIS
    Shows who holds this host's run lock: the one run that may change the host.
    .DESCRIPTION
    Held says whether the run's worker is alive here; a run whose worker is gone holds nothing any more, whatever its record says.
    The next run takes the lock by itself: nobody has to free it. Changes nothing.
    .PARAMETER Root
    The root folder; by itself the one under which this module lies.
    .OUTPUTS
    One object: Held, Run, Who, Kind, Since (local time), Epoch. No run ever: no output.
    .EXAMPLE
    Get-RunLock
    #>
    [CmdletBinding()]
    param([string]$Root = (Get-OwnRoot))
    try {
        Assert-Console -Root $Root
        $fact = Get-LockFact -Root $Root
    } catch { $PSCmdlet.ThrowTerminatingError($_) }
    $record = $fact.record
    if ($null -eq $record) { return }
    return [PSCustomObject][ordered]@{
        Held = $fact.held; Run = $record.run; Who = $record.who; Kind = $record.kind
        Since = (ConvertTo-LocalTime -Text $record.since); Epoch = $record.epoch
    }
}
