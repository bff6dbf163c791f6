# For people at the host: what was written down of a transaction.

function Get-TransactionRecord {
    <#
    .SYNOPSIS
    Shows what was written down of a transaction, open or ended, record by record.
    .DESCRIPTION
    What is the record's kind: submitted, begun, doing, done, failed, undoing, undo-done, stuck, ended. One of kind damaged comes
    last when the journal can't be read any further. Of ended transactions the last 20 are there. Changes nothing.
    .PARAMETER Tx
    The transaction, as Get-OpenTransaction shows it; by itself the newest one.
    .PARAMETER Root
    The root folder; by itself the one under which this module lies.
    .OUTPUTS
    One object for each record: Number, At (local time), What, Step, Service, Detail, Tx.
    .EXAMPLE
    Get-TransactionRecord | Format-Table -AutoSize -Wrap
    .EXAMPLE
    Get-OpenTransaction | Get-TransactionRecord | Select-Object -Last 3
    #>
    [CmdletBinding()]
    param(
        [Parameter(ValueFromPipelineByPropertyName = $true)][string]$Tx,
        [string]$Root = (Get-OwnRoot)
    )
    process {
        try {
            Assert-Console -Root $Root
            $name = if ($Tx) { $Tx } else { @(Get-JournalName -Root $Root)[-1] }
            $path = if ($name) { (Get-TransactionPath -Root $Root -Tx $name).Journal } else { $null }
            if ($Tx -and -not [IO.File]::Exists($path)) { throw (New-WireError -Code 'missing' -Message "There is no transaction $Tx under ${Root}: Get-OpenTransaction shows the open ones.") }
            if ($path) { ConvertTo-RecordView -Journal (Read-Journal -Path $path) -Tx $name }
        } catch { $PSCmdlet.ThrowTerminatingError($_) }
    }
}

function ConvertTo-RecordView {
    # The records of a journal as people see them, and its damage.
    param([hashtable]$Journal, [string]$Tx)
    $number = 0
    $steps = @($Journal.Records | Select-Object -First 1 | ForEach-Object { $_.steps })
    foreach ($record in $Journal.Records) {
        $number++
        $step = if ($null -ne $record.i) { $steps[$record.i] } else { $null }
        [PSCustomObject][ordered]@{
            Number = $number; At = (ConvertTo-LocalTime -Text $record.at); What = $record.t; Step = $step.id
            Service = if ($null -ne $step.args.name) { $step.args.name } else { $step.args.service }
            Detail = Get-RecordDetail -Record $record -Steps $steps; Tx = $Tx
        }
    }
    if ($Journal.Readable) { return }
    [PSCustomObject][ordered]@{
        Number = $number + 1; At = $null; What = 'damaged'; Step = $null; Service = $null
        Detail = "byte $($Journal.Sound) of $($Journal.Length) and what follows can't be trusted"; Tx = $Tx
    }
}

function Get-RecordDetail {
    # What a record says besides its kind and step, as one line.
    param($Record, [object[]]$Steps)
    if ($null -ne $Record.error) { return "$(@($Record.outcome, $Record.phase | Where-Object { $_ } | ForEach-Object { "${_}: " }) -join '')$(Get-FailureLine -Failure $Record.error)" }
    switch ([string]$Record.t) {
        'submitted' { return "run $($Record.run): $(@($Steps | ForEach-Object { $_.id }) -join ', ')" }
        'begun' { return "process $($Record.pid)" }
        'doing' { return $Record.verb }
        'done' { if (-not $Record.changed) { return 'no change' } elseif ($null -ne $Record.detail) { return (ConvertTo-WireJson -Value $Record.detail) } else { return 'changed' } }
        'ended' { return $Record.outcome }
    }
    return $null
}
