# The verbs of a worker (docs/protocol.md, section 3), as a table.
# Where a verb's data streams go: none (refused unless there are none), key (memory), step (a folder of this request), tx (the transaction's).

$script:RequestTable = @{
    'facts'        = @{ Reads = $true; Data = 'key'; Run = { param($Worker, $Frame, $Request, $Data) Invoke-FactsRequest -Worker $Worker -Request $Request -Key $Data } }
    'probe'        = @{ Reads = $true; Data = 'none'; Run = { param($Worker, $Frame, $Request, $Data) Test-Probe -Arguments $Request.args } }
    'file.read'    = @{ Reads = $true; Data = 'none'; Run = { param($Worker, $Frame, $Request, $Data) Read-HostFile -Worker $Worker -Arguments $Request.args } }
    'tx.read'      = @{ Reads = $true; Data = 'none'; Run = { param($Worker, $Frame, $Request, $Data) Read-TransactionView -Worker $Worker -Tx $Request.args.tx -After $Request.args.after } }
    'tx.cancel'    = @{ Record = $true; Data = 'none'; Run = { param($Worker, $Frame, $Request, $Data) Stop-Transaction -Worker $Worker -Tx $Request.args.tx } }
    'tx.follow'    = @{ Reads = $true; Data = 'none'; Run = { param($Worker, $Frame, $Request, $Data) Wait-Transaction -Worker $Worker -Seq $Frame.Seq -Tx $Request.args.tx -After $Request.args.after } }
    'tx.submit'    = @{ Steps = $true; Data = 'tx'; Run = { param($Worker, $Frame, $Request, $Data) Submit-Transaction -Worker $Worker -Seq $Frame.Seq -Request $Request } }
    'apply'        = @{ Steps = $true; Data = 'step'; Run = { param($Worker, $Frame, $Request, $Data) Invoke-ApplyRequest -Worker $Worker -Request $Request -Folder $Data } }
    'lock.acquire' = @{ Opens = $true; Data = 'none'; Run = { param($Worker, $Frame, $Request, $Data) Request-RunLock -Worker $Worker -Arguments $Request.args } }
    'lock.release' = @{ Data = 'none'; Run = { param($Worker, $Frame, $Request, $Data) Undo-RunLock -Worker $Worker } }
}

function Assert-RequestForm {
    # Raises bad-request, which ends the worker: what is of another version or no request can't be answered.
    param([AllowNull()]$Request)
    $sound = (Test-JsonObject -Value $Request) -and $Request.v -is [ValueType] -and $Request.v -eq 1 -and $Request.verb -is [string] -and
    ($null -eq $Request.args -or (Test-JsonObject -Value $Request.args)) -and
    ($null -eq $Request.data -or (Test-WholeNumber -Value $Request.data -Most 1000000))
    if (-not $sound) { throw (New-WireError -Code 'bad-request' -Message 'no request of version 1') }
}

function Assert-Request {
    # Raises bad-request, not-holder, exists or transaction-open before anything of the request is done; gives the verb's entry.
    param([hashtable]$Worker, $Request)
    $entry = $script:RequestTable[[string]$Request.verb]
    if ($null -eq $entry) { throw (New-WireError -Code 'bad-request' -Message "no verb $($Request.verb)") }
    if ($entry.Record) { Assert-RecordedHolder -Worker $Worker -Request $Request }
    elseif (-not $entry.Reads -and -not $entry.Opens) { Assert-Holder -Worker $Worker -Request $Request }
    if ($entry.Data -ceq 'none' -and [int]$Request.data -gt 0) { throw (New-WireError -Code 'bad-request' -Message "$($Request.verb) takes no data") }
    if ($null -ne $Request.args.after -and -not (Test-WholeNumber -Value $Request.args.after -Most ([int]::MaxValue))) { throw (New-WireError -Code 'bad-request' -Message 'after: no number of records') }
    if ($entry.Steps) {
        $Request.args | Add-Member -NotePropertyName steps -Force -NotePropertyValue (
            ConvertTo-CheckedStep -Value $Request.args.steps -Streams ([int]$Request.data) -Table $Worker.Table)
    }
    if ($Request.verb -ceq 'tx.submit') { Assert-NewTransaction -Worker $Worker -Arguments $Request.args }
    return $entry
}

function Receive-RequestData {
    # Takes in the data streams of an accepted request; gives @{ Value (the key's bytes, or the folder they lie in); Trouble }.
    # Raises only when the input is no longer what the protocol says.
    param([hashtable]$Worker, $Frame, $Request, [string]$Kind)
    $count = [int]$Request.data
    if ($Kind -ceq 'none') { return @{ Value = $null; Trouble = $null } }
    if ($Kind -ceq 'key') {
        $taken = @{ Value = $null; Trouble = $null }
        try {
            if ($count -gt 0) { $taken.Value = Read-DataKey -Worker $Worker -Seq $Frame.Seq }
        } catch {
            # Anything else is on the wire, and ends the worker
            if ((ConvertTo-ErrorField -ErrorRecord $_).where -cne 'key') { throw }
            $taken.Trouble = $_
        }
        Skip-DataStream -Worker $Worker -Seq $Frame.Seq -Count ($count - 1)
        return $taken
    }
    $folder = if ($Kind -ceq 'tx') { (Get-TransactionPath -Root $Worker.Root -Tx $Request.args.tx).Data }
    else { [IO.Path]::Combine((Get-Layout -Root $Worker.Root).Incoming, "$PID-$($Frame.Seq)") }
    return @{ Value = $folder; Trouble = (Save-DataStream -Worker $Worker -Seq $Frame.Seq -Count $count -Folder $folder) }
}

function Invoke-FactsRequest {
    param([hashtable]$Worker, $Request, [byte[]]$Key)
    if (@($Request.args.secrets | Where-Object { $null -ne $_ }).Count -gt 0 -and $null -eq $Key) {
        throw (New-WireError -Code 'bad-request' -Message 'facts: secrets need the key of their digest as a data stream')
    }
    $context = New-StepContext -Setting $Worker -Run ([string]$Request.run) -DeadlineUp ((& $Worker.Platform.Uptime) + 60)
    return (Get-FactReport -Arguments $Request.args -Key $Key -Context $context)
}

function Invoke-ApplyRequest {
    # Verb apply: one primitive after the other; the first error carries what was done before it.
    param([hashtable]$Worker, $Request, [string]$Folder)
    $results = New-Object System.Collections.ArrayList
    $way = if ($Request.args.dry) { 'Describe' } else { 'Do' }
    try {
        foreach ($step in $Request.args.steps) {
            $deadline = Get-StepDeadline -Platform $Worker.Platform -Step $step
            $context = New-StepContext -Setting $Worker -DataFolder $Folder -Run ([string]$Request.run) -DeadlineUp $deadline
            $primitive = $Worker.Table[$step.verb]
            Assert-Expectation -Step $step -Platform $Worker.Platform
            $Worker.Watch.BusyUntil = $Worker.Watch.Clock.ElapsedMilliseconds + [long](1000 * $step.deadline_s) + $Worker.Watch.SilenceMs
            $result = Invoke-Primitive -Action $primitive[$way] -Step $step -Context $context
            [void]$results.Add([ordered]@{ id = $step.id; changed = $result.changed; detail = $result.detail })
        }
    } catch {
        $fields = ConvertTo-ErrorField -ErrorRecord $_ -Where $step.id
        $fields.done = $results.ToArray()
        $failure = New-Object System.InvalidOperationException($fields.message)
        $failure.Data['wire'] = ConvertTo-WireJson -Value $fields
        throw $failure
    } finally { if ($Folder) { Remove-Tree -Path $Folder } }
    return [ordered]@{ results = $results.ToArray() }
}

function Read-HostFile {
    # Verb file.read: size and SHA-256 of the bytes that follow as a stream.
    param([hashtable]$Worker, $Arguments)
    $path = Resolve-AbsolutePath -Path $Arguments.path
    if ([IO.Directory]::Exists($path)) { throw (New-WireError -Code 'missing' -Message "$($Arguments.path) is no file on this host") }
    $most = if ($null -ne $Arguments.max_bytes) { $Arguments.max_bytes } else { 1048576L }
    if (-not (Test-WholeNumber -Value $most)) { throw (New-WireError -Code 'bad-request' -Message 'file.read: max_bytes is no number of bytes') }
    $file = [IO.File]::Open($path, 'Open', 'Read', 'ReadWrite, Delete')
    try {
        if ($file.Length -gt $most) {
            throw (New-WireError -Code 'bad-request' -Message "$($Arguments.path) is too large to be read" -Expected $most -Actual $file.Length)
        }
        $bytes = New-Object byte[] $file.Length
        Read-WholeBuffer -Stream $file -Buffer $bytes -Count $bytes.Length
    } finally { $file.Dispose() }
    $Worker.After = $bytes
    return [ordered]@{ size = $bytes.Length; sha256 = (Get-BytesSha256 -Bytes $bytes) }
}
