# One open transaction in the hands of the executor: carry out, or undo (docs/protocol.md, section 6).

$script:LeastUndoS = 30.0 # a start may take long even where the stop was to be quick

function Open-Transaction {
    # Everything about one transaction that carrying out and undoing share.
    param([hashtable]$Setting, [string]$Tx)
    $path = Get-TransactionPath -Root $Setting.Root -Tx $Tx
    $journal = Read-Journal -Path $path.Journal
    $submitted = if ($journal.Records.Count -gt 0) { $journal.Records[0] } else { $null }
    return @{ Setting = $Setting; Path = $path; Journal = $journal; Submitted = $submitted }
}

function Add-Record {
    param([hashtable]$Transaction, [Collections.IDictionary]$Record)
    Add-JournalRecord -Path $Transaction.Path.Journal -Record $Record -Platform $Transaction.Setting.Platform
}

function Set-Checkpoint {
    # A named point between two effects; nothing happens here but in tests.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([hashtable]$Transaction, [string]$Name)
    & $Transaction.Setting.Platform.OnCheckpoint $Name
}

function New-TransactionContext {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([hashtable]$Transaction, [int]$Index, [double]$DeadlineUp)
    $data = $Transaction.Path.Data
    $bytes = [IO.Path]::Combine($data, "undo-$Index.bytes")
    return New-StepContext -Setting $Transaction.Setting -DataFolder $data -Run $Transaction.Submitted.run -UndoBytes $bytes -DeadlineUp $DeadlineUp
}

function Save-UndoData {
    # What the primitive needs to undo, in a flushed file; gives the file's name, or $null when there is nothing to keep.
    param([hashtable]$Transaction, [int]$Index, [hashtable]$Primitive, $Step, [hashtable]$Context)
    if ($null -eq $Primitive.Capture) { return $null }
    $output = @(& $Primitive.Capture $Step.args $Context)
    if ($output.Count -eq 0 -or $null -eq $output[-1]) { return $null }
    $name = "undo-$Index"
    $bytes = [Text.Encoding]::ASCII.GetBytes((ConvertTo-WireJson -Value $output[-1]))
    Write-AtomicFile -Path ([IO.Path]::Combine($Transaction.Path.Data, $name)) -Bytes $bytes
    return $name
}

function Invoke-TransactionStep {
    # Captures, announces, acts, and says so.
    param([hashtable]$Transaction, [int]$Index, $Step)
    $setting = $Transaction.Setting
    $primitive = Get-Primitive -Table $setting.Table -Step $Step
    $deadline = Get-StepDeadline -Platform $setting.Platform -Step $Step
    $context = New-TransactionContext -Transaction $Transaction -Index $Index -DeadlineUp $deadline
    $undo = Save-UndoData -Transaction $Transaction -Index $Index -Primitive $primitive -Step $Step -Context $context
    Set-Checkpoint -Transaction $Transaction -Name "captured:$Index"
    # Capturing may copy much; it takes nothing from the step's own time
    $deadline = Get-StepDeadline -Platform $setting.Platform -Step $Step
    $context.DeadlineUp = $deadline
    Add-Record -Transaction $Transaction -Record ([ordered]@{ t = 'doing'; i = $Index; id = $Step.id; verb = $Step.verb; undo = $undo; deadline_up = $deadline })
    Set-Checkpoint -Transaction $Transaction -Name "before:$Index"
    $result = Invoke-Primitive -Action $primitive.Do -Step $Step -Context $context
    Set-Checkpoint -Transaction $Transaction -Name "acted:$Index"
    Add-Record -Transaction $Transaction -Record ([ordered]@{ t = 'done'; i = $Index; changed = $result.changed; detail = $result.detail })
    Set-Checkpoint -Transaction $Transaction -Name "done:$Index"
}

function Invoke-TransactionUndo {
    # Undoes in reverse from the last step that was announced; gives `undone` or `stuck`.
    param([hashtable]$Transaction)
    $records = (Read-Journal -Path $Transaction.Path.Journal).Records
    $undone = @($records | Where-Object { $_.t -ceq 'undo-done' } | ForEach-Object { [int]$_.i })
    $announced = @($records | Where-Object { $_.t -ceq 'doing' } | Sort-Object -Property { [int]$_.i } -Descending)
    foreach ($doing in $announced) {
        $index = [int]$doing.i
        if ($undone -contains $index) { continue }
        $step = $Transaction.Submitted.steps[$index]
        try {
            Invoke-StepUndo -Transaction $Transaction -Doing $doing -Step $step
        } catch {
            $fields = ConvertTo-ErrorField -ErrorRecord $_ -Where $step.id
            Add-Record -Transaction $Transaction -Record ([ordered]@{ t = 'stuck'; i = $index; phase = 'undo'; error = $fields })
            return 'stuck'
        }
        Set-Checkpoint -Transaction $Transaction -Name "undone:$index"
    }
    Add-Record -Transaction $Transaction -Record ([ordered]@{ t = 'ended'; outcome = 'undone'; error = (Get-FirstFailure -Records $records) })
    return 'undone'
}

function Invoke-StepUndo {
    param([hashtable]$Transaction, $Doing, $Step)
    $setting = $Transaction.Setting
    $index = [int]$Doing.i
    $primitive = Get-Primitive -Table $setting.Table -Step $Step
    $deadline = Get-StepDeadline -Platform $setting.Platform -Step $Step -LeastS $script:LeastUndoS
    Add-Record -Transaction $Transaction -Record ([ordered]@{ t = 'undoing'; i = $index; deadline_up = $deadline })
    Set-Checkpoint -Transaction $Transaction -Name "undo:$index"
    if ($null -ne $primitive.Undo) {
        $undo = Read-UndoData -Transaction $Transaction -Name $Doing.undo
        $context = New-TransactionContext -Transaction $Transaction -Index $index -DeadlineUp $deadline
        [void](& $primitive.Undo $Step.args $undo $context)
    }
    Set-Checkpoint -Transaction $Transaction -Name "reverted:$index"
    Add-Record -Transaction $Transaction -Record ([ordered]@{ t = 'undo-done'; i = $index })
}

function Read-UndoData {
    param([hashtable]$Transaction, $Name)
    if ($null -eq $Name) { return $null }
    $bytes = Read-AtomicFile -Path ([IO.Path]::Combine($Transaction.Path.Data, [string]$Name))
    # Written and flushed before `doing`: absent means that somebody removed it
    if ($null -eq $bytes) { throw (New-WireError -Code 'missing' -Message "the undo data $Name is gone") }
    return (ConvertFrom-WireJson -Text ([Text.Encoding]::ASCII.GetString($bytes)))
}

function Get-FirstFailure {
    # Why it is undone: what failed first. A failed undo comes later and is another matter.
    param([object[]]$Records)
    foreach ($record in $Records) {
        if ($record.t -ceq 'failed' -or ($record.t -ceq 'stuck' -and $record.phase -ceq 'do')) { return $record.error }
    }
    return $null
}

function Invoke-Transaction {
    # Carries out a transaction that was never begun; gives its outcome, or `stuck`.
    param([hashtable]$Transaction)
    $setting = $Transaction.Setting
    $steps = @($Transaction.Submitted.steps)
    try {
        foreach ($step in $steps) {
            [void](Get-Primitive -Table $setting.Table -Step $step)
            Assert-Expectation -Step $step -Platform $setting.Platform
        }
    } catch {
        $fields = ConvertTo-ErrorField -ErrorRecord $_ -Where $step.id
        Add-Record -Transaction $Transaction -Record ([ordered]@{ t = 'ended'; outcome = 'dropped'; error = $fields })
        return 'dropped'
    }
    Add-Record -Transaction $Transaction -Record ([ordered]@{ t = 'begun'; pid = $PID; started = (& $setting.Platform.ProcessStart $PID) })
    Set-Checkpoint -Transaction $Transaction -Name 'begun'
    for ($index = 0; $index -lt $steps.Count; $index++) {
        try {
            if ([IO.File]::Exists($Transaction.Path.Cancel)) { throw (New-WireError -Code 'cancelled' -Message 'the controller asked to stop') }
            Invoke-TransactionStep -Transaction $Transaction -Index $index -Step $steps[$index]
        } catch {
            return Resolve-Failure -Transaction $Transaction -Index $index -Step $steps[$index] -ErrorRecord $_
        }
    }
    Add-Record -Transaction $Transaction -Record ([ordered]@{ t = 'ended'; outcome = 'committed'; error = $null })
    return 'committed'
}

function Resolve-Failure {
    # A step failed: undo, unless it still runs.
    param([hashtable]$Transaction, [int]$Index, $Step, $ErrorRecord)
    $fields = ConvertTo-ErrorField -ErrorRecord $ErrorRecord -Where $Step.id
    if ($fields.code -ceq 'still-running') {
        Add-Record -Transaction $Transaction -Record ([ordered]@{ t = 'stuck'; i = $Index; phase = 'do'; error = $fields })
        return 'stuck'
    }
    Add-Record -Transaction $Transaction -Record ([ordered]@{ t = 'failed'; i = $Index; error = $fields })
    Set-Checkpoint -Transaction $Transaction -Name "failed:$Index"
    return Invoke-TransactionUndo -Transaction $Transaction
}
