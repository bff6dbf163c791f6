# A transaction's journal (docs/protocol.md, section 5): appended and flushed record by record.

$script:JournalHeader = New-Object System.Text.RegularExpressions.Regex('\GJ1 ([0-9]{1,9}) ([0-9a-f]{8}) ')
$script:Latin1 = [Text.Encoding]::GetEncoding(28591) # one character a byte, so that offsets in text are offsets in bytes

$script:ReserveBytes = 65536
# Records that a full disk must not stop; going on forward is no reason to use the reserve up
$script:ReservedTypes = 'failed', 'stuck', 'undoing', 'undo-done', 'ended'

function Write-Reserve {
    # Takes up space on the disk that the journal gets when there is no other; bytes that no file system leaves out.
    param([hashtable]$Path)
    $bytes = New-Object byte[] $script:ReserveBytes
    $random = [Security.Cryptography.RandomNumberGenerator]::Create()
    try { $random.GetBytes($bytes) } finally { $random.Dispose() }
    Write-FlushedFile -Path ([IO.Path]::Combine($Path.Data, 'reserve')) -Bytes $bytes
}

function Undo-Reserve {
    # Gives the reserve's space back; false when it was given back before.
    param([string]$Journal)
    $reserve = [IO.Path]::Combine([IO.Path]::ChangeExtension($Journal, 'd'), 'reserve')
    if (-not [IO.File]::Exists($reserve)) { return $false }
    [IO.File]::Delete($reserve)
    return $true
}

function Add-JournalRecord {
    # Appends one record, with time, uptime and boot, and flushes it to the disk. On a full disk what tells of an undo or an end
    # uses the reserve.
    param([string]$Path, [Collections.IDictionary]$Record, [hashtable]$Platform)
    $whole = [ordered]@{ t = $Record.t; at = (& $Platform.UtcNow); up = [Math]::Round((& $Platform.Uptime), 3); boot = (& $Platform.BootId) }
    foreach ($key in $Record.Keys) { $whole[$key] = $Record[$key] }
    $body = [Text.Encoding]::ASCII.GetBytes((ConvertTo-WireJson -Value $whole))
    $header = [Text.Encoding]::ASCII.GetBytes("J1 $($body.Length) $(Get-Checksum -Bytes $body -Count $body.Length) ")
    $line = New-Object byte[] ($header.Length + $body.Length + 1)
    [Buffer]::BlockCopy($header, 0, $line, 0, $header.Length)
    [Buffer]::BlockCopy($body, 0, $line, $header.Length, $body.Length)
    $line[$line.Length - 1] = 10
    try { Add-JournalLine -Path $Path -Line $line } catch {
        $spare = $script:ReservedTypes -ccontains $Record.t -and (ConvertTo-ErrorField -ErrorRecord $_).code -ceq 'disk-full'
        if (-not $spare -or -not (Undo-Reserve -Journal $Path)) { throw }
        Add-JournalLine -Path $Path -Line $line
    }
}

function Add-JournalLine {
    # Appends the whole line, or leaves the file as it was: nothing may ever come behind a torn record.
    param([string]$Path, [byte[]]$Line)
    $file = [IO.File]::Open($Path, 'OpenOrCreate', 'Write', 'ReadWrite, Delete')
    try {
        # Another stream on the file, without a buffer: what could not be written must not be tried again when it is closed
        $stream = New-Object System.IO.FileStream($file.SafeFileHandle, [IO.FileAccess]::Write, 1)
        $length = $stream.Length
        $stream.Position = $length
        try {
            Write-JournalLine -Stream $stream -Line $Line
        } catch {
            $stream.SetLength($length)
            throw
        }
    } finally { $file.Dispose() }
}

function Write-JournalLine {
    param([IO.Stream]$Stream, [byte[]]$Line)
    $Stream.Write($Line, 0, $Line.Length)
    $Stream.Flush($true)
}

function Read-JournalRecord {
    # The record at an offset as @{ Value; End }, or $null when it is torn or damaged.
    param([string]$Text, [int]$At)
    $match = $script:JournalHeader.Match($Text, $At)
    if (-not $match.Success) { return $null }
    $start = $At + $match.Length
    $end = $start + [int]$match.Groups[1].Value
    if ($end -ge $Text.Length -or $Text[$end] -cne "`n") { return $null }
    $json = $Text.Substring($start, $end - $start)
    $bytes = $script:Latin1.GetBytes($json)
    if ((Get-Checksum -Bytes $bytes -Count $bytes.Length) -cne $match.Groups[2].Value) { return $null }
    return @{ Value = (ConvertFrom-WireJson -Text $json); End = $end + 1 }
}

function Read-Journal {
    # @{ Records; Sound (bytes); Readable }: a torn last record is left out; damage before the last one is unreadable.
    param([string]$Path)
    $bytes = Read-AtomicFile -Path $Path
    $text = if ($null -eq $bytes) { '' } else { $script:Latin1.GetString($bytes) }
    $records = New-Object System.Collections.ArrayList
    $at = 0
    $readable = $true
    while ($at -lt $text.Length) {
        $record = Read-JournalRecord -Text $text -At $at
        if ($null -eq $record) {
            $readable = $text.IndexOf("`nJ1 ", $at, [StringComparison]::Ordinal) -lt 0
            break
        }
        [void]$records.Add($record.Value)
        $at = $record.End
    }
    return @{ Records = $records.ToArray(); Sound = $at; Length = $text.Length; Readable = $readable }
}

function Remove-TornTail {
    # Cuts off what a power cut left of the last record, before anything is appended behind it.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Path, [hashtable]$Journal)
    if ($Journal.Sound -ge $Journal.Length) { return }
    $stream = [IO.File]::Open($Path, 'Open', 'Write', 'ReadWrite, Delete')
    try {
        $stream.SetLength($Journal.Sound)
        $stream.Flush($true)
    } finally { $stream.Dispose() }
}

$script:StateByRecord = @{
    'stuck' = 'stuck'; 'failed' = 'undoing'; 'undoing' = 'undoing'; 'undo-done' = 'undoing'
    'begun' = 'running'; 'doing' = 'running'; 'done' = 'running'; 'submitted' = 'submitted'
}

function Get-JournalState {
    # What the last record makes of the transaction: one of deploy/wire/journal.py's states.
    param([hashtable]$Journal)
    if (-not $Journal.Readable) { return 'unreadable' }
    # A power cut before the first flush leaves nothing: nobody was told that it was submitted
    if ($Journal.Records.Count -eq 0) { return 'dropped' }
    $last = $Journal.Records[-1]
    if ($last.t -ceq 'ended') { return [string]$last.outcome }
    $state = $script:StateByRecord[[string]$last.t]
    if ($null -eq $state) { return 'unreadable' }
    return $state
}

function Get-LastRecord {
    # The last record of one of the types, or $null.
    param([hashtable]$Journal, [string[]]$Type)
    for ($at = $Journal.Records.Count - 1; $at -ge 0; $at--) {
        if ($Type -ccontains $Journal.Records[$at].t) { return $Journal.Records[$at] }
    }
    return $null
}

function Get-JournalName {
    # Names of all transactions of a root, oldest first.
    param([string]$Root)
    $folder = (Get-Layout -Root $Root).Transactions
    if (-not [IO.Directory]::Exists($folder)) { return @() }
    $files = (New-Object System.IO.DirectoryInfo($folder)).GetFiles('*.journal') |
        Where-Object { $_.BaseName -cmatch $script:TransactionName } | Sort-Object -Property CreationTimeUtc, Name
    return @($files | ForEach-Object { $_.BaseName })
}
