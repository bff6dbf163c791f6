# Frames (docs/protocol.md, section 2): blocking reads and writes over two streams.

$script:MaxPayload = 8388608
$script:FrameHeader = New-Object System.Text.RegularExpressions.Regex('^TSD1 ([QADE]) (0|[1-9][0-9]{0,9}) (0|[1-9][0-9]{0,7}) ([0-9a-f]{8})$')

function New-FrameChannel {
    # Both streams, and a buffer that grows to the largest payload seen.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([IO.Stream]$InputStream, [IO.Stream]$OutputStream)
    return @{ In = $InputStream; Out = $OutputStream; Buffer = (New-Object byte[] 1048576); Header = (New-Object byte[] 64) }
}

function Read-FrameHeader {
    # The header's text, or $null at the end of the input.
    param([hashtable]$Channel)
    $header = $Channel.Header
    $in = $Channel.In
    for ($count = 0; $count -lt 64; $count++) {
        $byte = $in.ReadByte()
        if ($byte -eq 10) { return [Text.Encoding]::ASCII.GetString($header, 0, $count) }
        if ($byte -lt 0) {
            if ($count -eq 0) { return $null }
            throw (New-WireError -Code 'bad-request' -Message 'the input ends within a frame header')
        }
        $header[$count] = $byte
    }
    throw (New-WireError -Code 'bad-request' -Message 'no frame header within 64 bytes')
}

function Read-WholeBuffer {
    param([IO.Stream]$Stream, [byte[]]$Buffer, [int]$Count)
    $at = 0
    while ($at -lt $Count) {
        $got = $Stream.Read($Buffer, $at, $Count - $at)
        if ($got -le 0) { throw (New-WireError -Code 'bad-request' -Message 'the input ends within a frame') }
        $at += $got
    }
}

function Read-Frame {
    # The next frame, or $null at the end of the input. Its payload lies in $Channel.Buffer until the next call.
    param([hashtable]$Channel)
    $text = Read-FrameHeader -Channel $Channel
    if ($null -eq $text) { return $null }
    $match = $script:FrameHeader.Match($text)
    # `$` would also match before a line feed; the header has none
    if (-not $match.Success) { throw (New-WireError -Code 'bad-request' -Message 'not a frame header') }
    $size = [int]$match.Groups[3].Value
    if ($size -gt $script:MaxPayload) { throw (New-WireError -Code 'bad-request' -Message "payload of $size bytes") }
    if ($size -ge $Channel.Buffer.Length) { $Channel.Buffer = New-Object byte[] ($size + 1) }
    Read-WholeBuffer -Stream $Channel.In -Buffer $Channel.Buffer -Count ($size + 1)
    $sum = Get-Checksum -Bytes $Channel.Buffer -Count $size
    if ($Channel.Buffer[$size] -ne 10 -or $sum -cne $match.Groups[4].Value) {
        throw (New-WireError -Code 'bad-request' -Message 'checksum or end of a frame is wrong')
    }
    return @{ Kind = $match.Groups[1].Value; Seq = [long]$match.Groups[2].Value; Size = $size }
}

function Write-Frame {
    # One write for the whole frame: a reader never waits for its second half.
    param([hashtable]$Channel, [string]$Kind, [long]$Seq, [byte[]]$Bytes, [int]$Count)
    $sum = Get-Checksum -Bytes $Bytes -Count $Count
    $header = [Text.Encoding]::ASCII.GetBytes("TSD1 $Kind $Seq $Count $sum`n")
    $whole = New-Object byte[] ($header.Length + $Count + 1)
    [Buffer]::BlockCopy($header, 0, $whole, 0, $header.Length)
    [Buffer]::BlockCopy($Bytes, 0, $whole, $header.Length, $Count)
    $whole[$whole.Length - 1] = 10
    $Channel.Out.Write($whole, 0, $whole.Length)
    $Channel.Out.Flush()
}

function Write-JsonFrame {
    param([hashtable]$Channel, [string]$Kind, [long]$Seq, $Value)
    $bytes = [Text.Encoding]::ASCII.GetBytes((ConvertTo-WireJson -Value $Value))
    if ($bytes.Length -gt $script:MaxPayload) {
        throw (New-WireError -Code 'unsupported' -Message "an answer of $($bytes.Length) bytes; the most is $script:MaxPayload")
    }
    Write-Frame -Channel $Channel -Kind $Kind -Seq $Seq -Bytes $bytes -Count $bytes.Length
}
