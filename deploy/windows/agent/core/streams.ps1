# The data streams of a request: straight to disk, or into memory for a key, or nowhere when the request is refused.

$script:MaxKeyBytes = 4096

function Read-DataStream {
    # Hands each payload of one stream to Sink (called with buffer and count) until the empty frame.
    param([hashtable]$Worker, [long]$Seq, [scriptblock]$Sink)
    $channel = $Worker.Channel
    while ($true) {
        $frame = Read-Frame -Channel $channel
        if ($null -eq $frame) { throw (New-WireError -Code 'bad-request' -Message 'the input ends within a data stream') }
        $Worker.Watch.Heard = $Worker.Watch.Clock.ElapsedMilliseconds
        if ($frame.Kind -ceq 'E') { continue }
        if ($frame.Kind -cne 'D' -or $frame.Seq -ne $Seq) { throw (New-WireError -Code 'bad-request' -Message "frame $($frame.Kind) $($frame.Seq) within the data of $Seq") }
        if ($frame.Size -eq 0) { return }
        & $Sink $channel.Buffer $frame.Size
    }
}

function Save-DataStream {
    # Streams to files data-0, data-1, ... in a new protected folder, flushed. Gives the error record of what went wrong with
    # the disk, or nothing: all streams are taken in before, so that what follows on the input stays readable.
    param([hashtable]$Worker, [long]$Seq, [int]$Count, [string]$Folder)
    $save = @{ Trouble = $null; File = $null }
    for ($at = 0; $at -lt $Count; $at++) {
        try {
            Invoke-Saving -Save $save -Action {
                New-ProtectedFolder -Path $Folder
                $save.File = [IO.File]::Create([IO.Path]::Combine($Folder, "data-$at"), 1, [IO.FileOptions]::None)
            }
            Read-DataStream -Worker $Worker -Seq $Seq -Sink {
                param($bytes, $size)
                Invoke-Saving -Save $save -Action { $save.File.Write($bytes, 0, $size) }
            }
            Invoke-Saving -Save $save -Action { $save.File.Flush($true) }
        } finally {
            if ($null -ne $save.File) { $save.File.Dispose(); $save.File = $null }
        }
    }
    return $save.Trouble
}

function Invoke-Saving {
    # Does it unless something went wrong before; keeps what goes wrong.
    param([hashtable]$Save, [scriptblock]$Action)
    if ($null -ne $Save.Trouble) { return }
    try { & $Action } catch { $Save.Trouble = $_ }
}

function Skip-DataStream {
    param([hashtable]$Worker, [long]$Seq, [int]$Count)
    for ($at = 0; $at -lt $Count; $at++) { Read-DataStream -Worker $Worker -Seq $Seq -Sink { } }
}

function Read-DataKey {
    # One small stream into memory: a key that must not reach the disk. Raises bad-request for a longer one, which is off the wire
    # by then.
    param([hashtable]$Worker, [long]$Seq)
    $memory = New-Object System.IO.MemoryStream
    $taken = @{ Bytes = 0L }
    Read-DataStream -Worker $Worker -Seq $Seq -Sink {
        param($bytes, $size)
        $taken.Bytes += $size
        if ($taken.Bytes -le $script:MaxKeyBytes) { $memory.Write($bytes, 0, $size) }
    }
    if ($taken.Bytes -gt $script:MaxKeyBytes) {
        throw (New-WireError -Code 'bad-request' -Message 'facts: the key of the digests is too long' -Expected $script:MaxKeyBytes -Actual $taken.Bytes -Where 'key')
    }
    return , $memory.ToArray()
}

function Send-FileStream {
    # A file's first bytes as one stream, without its end.
    param([hashtable]$Worker, [long]$Seq, [byte[]]$Bytes)
    $piece = New-Object byte[] ([Math]::Min(1048576, [Math]::Max(1, $Bytes.Length)))
    for ($at = 0; $at -lt $Bytes.Length; $at += $piece.Length) {
        $size = [Math]::Min($piece.Length, $Bytes.Length - $at)
        [Buffer]::BlockCopy($Bytes, $at, $piece, 0, $size)
        Write-Frame -Channel $Worker.Channel -Kind 'D' -Seq $Seq -Bytes $piece -Count $size
    }
    Write-Frame -Channel $Worker.Channel -Kind 'D' -Seq $Seq -Bytes $piece -Count 0
}
