# For people at the host: settling now, and closing what nobody can read.

function Invoke-Settling {
    <#
    .SYNOPSIS
    Settles the open transactions now, in this process, instead of waiting for the settling task.
    .DESCRIPTION
    What was begun is undone; what was not is carried out while its run still waits for it, else dropped; a stuck step that has
    ended by now is undone; an unreadable journal is left alone. When another process is at it, that is said and nothing is done,
    unless that process hangs: then it is ended first. Needs an elevated PowerShell.
    .PARAMETER Root
    The root folder; by itself the one under which this module lies.
    .OUTPUTS
    What became of each transaction that was open: the properties that Get-OpenTransaction gives; State is now committed, undone,
    dropped, stuck or unreadable.
    .EXAMPLE
    Invoke-Settling -WhatIf
    .EXAMPLE
    Invoke-Settling
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Root = (Get-OwnRoot))
    try {
        $open = @(Get-OpenTransaction -Root $Root)
        $some = @($open | Where-Object { $_.State -cne 'unreadable' })
        $setting = @{ Root = $Root; Agent = (Get-OwnAgent); Table = (Get-PrimitiveTable); Platform = (New-Platform) }
        if ($some.Count -gt 0) { Assert-NobodySettling -Setting $setting }
    } catch { $PSCmdlet.ThrowTerminatingError($_) }
    if ($some.Count -eq 0) { return $open }
    if (-not $PSCmdlet.ShouldProcess((@($some | ForEach-Object { "$($_.Tx) ($($_.State))" }) -join ', '), 'Settle')) { return }
    try {
        if (-not (Invoke-QuietExecutor -Setting $setting)) { throw (New-SettlingError -Holder (Read-Holder -Root $Root -Platform $setting.Platform)) }
        foreach ($one in $open) { Get-TransactionView -Root $Root -Tx $one.Tx -Holder $null }
    } catch { $PSCmdlet.ThrowTerminatingError($_) }
}

function Get-OwnAgent {
    # SHA-256 in this module's file name.
    return [IO.Path]::GetFileNameWithoutExtension($ExecutionContext.SessionState.Module.Path)
}

function Assert-NobodySettling {
    # Raises transaction-open while another process settles and does not hang.
    param([hashtable]$Setting)
    $holder = Read-Holder -Root $Setting.Root -Platform $Setting.Platform
    if ($null -ne $holder -and -not (Test-HolderHung -Setting $Setting -Holder $holder)) { throw (New-SettlingError -Holder $holder) }
}

function New-SettlingError {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param($Holder)
    $who = if ($null -eq $Holder) { 'Another process' } elseif ($Holder.tx) { "Process $($Holder.pid) is at work on $($Holder.tx); it" } else { "Process $($Holder.pid)" }
    return New-WireError -Code 'transaction-open' -Message "$who settles this host already, and nothing was done here. Wait, and look with Get-OpenTransaction; if it hangs, it is ended by itself."
}

function Invoke-QuietExecutor {
    # Invoke-Executor, which leaves this session as it was.
    param([hashtable]$Setting)
    $hidden = Hide-ArrayCount
    try { return Invoke-Executor -Setting $Setting } finally {
        if ($hidden) { Update-TypeData -TypeName System.Array -MemberType AliasProperty -MemberName Count -Value Length }
    }
}

function Close-UnreadableTransaction {
    <#
    .SYNOPSIS
    Declares a transaction with a damaged journal as ended, after a person has looked at the host.
    .DESCRIPTION
    Nothing on the host is undone, started or stopped. Journal and undo data are kept under other names (<tx>.journal.damaged,
    <tx>.d.damaged), and the next run finds no open transaction any more. Needs an elevated PowerShell.
    .PARAMETER Tx
    The transaction, as Get-OpenTransaction shows it.
    .PARAMETER Root
    The root folder; by itself the one under which this module lies.
    .OUTPUTS
    One object: Tx, Journal, Data: where they are kept now.
    .EXAMPLE
    Close-UnreadableTransaction -Tx 20261124-1810-wave-1
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true)][string]$Tx,
        [string]$Root = (Get-OwnRoot)
    )
    process {
        try {
            Assert-Console -Root $Root
            $path = Get-TransactionPath -Root $Root -Tx $Tx
            Assert-Unreadable -Path $path
        } catch { $PSCmdlet.ThrowTerminatingError($_) }
        if (-not $PSCmdlet.ShouldProcess($path.Journal, 'Declare as ended, without undoing anything')) { return }
        try {
            # The data first: without its journal the next run would remove them. An earlier call may have come as far as this
            $kept = "$($path.Data).damaged"
            if ([IO.Directory]::Exists($path.Data)) { [IO.Directory]::Move($path.Data, $kept) }
            $data = if ([IO.Directory]::Exists($kept)) { $kept } else { $null }
            Move-FileOver -From $path.Journal -To "$($path.Journal).damaged"
        } catch { $PSCmdlet.ThrowTerminatingError($_) }
        return [PSCustomObject][ordered]@{ Tx = $Tx; Journal = "$($path.Journal).damaged"; Data = $data }
    }
}

function Assert-Unreadable {
    # Raises missing or unexpected-state for any other journal.
    param([hashtable]$Path)
    if (-not [IO.File]::Exists($Path.Journal)) { throw (New-WireError -Code 'missing' -Message "There is no transaction $($Path.Tx): Get-OpenTransaction shows the open ones.") }
    $state = Get-JournalState -Journal (Read-Journal -Path $Path.Journal)
    if ($state -ceq 'unreadable') { return }
    throw (New-WireError -Code 'unexpected-state' -Message "$($Path.Tx) is $state, not unreadable: it settles by itself, or with Invoke-Settling.")
}
