# CRC-32 by the trailer of a gzip stream (docs/adr/0003-crc-in-powershell.md), and SHA-256.

$script:ChecksumSink = New-Object System.IO.MemoryStream(1048576)

function Get-Checksum {
    # CRC-32 of the first Count bytes, as 8 lower hex digits.
    param([byte[]]$Bytes, [int]$Count)
    if ($Count -eq 0) { return '00000000' }
    $sink = $script:ChecksumSink
    $sink.SetLength(0)
    $gzip = New-Object System.IO.Compression.GZipStream($sink, [IO.Compression.CompressionLevel]::NoCompression, $true)
    $gzip.Write($Bytes, 0, $Count)
    $gzip.Dispose()
    return [BitConverter]::ToUInt32($sink.GetBuffer(), [int]$sink.Length - 8).ToString('x8')
}

function ConvertTo-HexText {
    param([byte[]]$Bytes)
    return [BitConverter]::ToString($Bytes).Replace('-', '').ToLowerInvariant()
}

function Get-BytesSha256 {
    <#
    .SYNOPSIS
    SHA-256 of bytes, lower hex.
    #>
    param([Parameter(Mandatory = $true)][AllowEmptyCollection()][byte[]]$Bytes)
    $hash = [Security.Cryptography.SHA256]::Create()
    try { return (ConvertTo-HexText -Bytes $hash.ComputeHash($Bytes)) } finally { $hash.Dispose() }
}

function Get-FileSha256 {
    <#
    .SYNOPSIS
    SHA-256 of a file, lower hex; a file that others write to is read as it is.
    #>
    param([Parameter(Mandatory = $true)][string]$Path)
    $hash = [Security.Cryptography.SHA256]::Create()
    try {
        $stream = [IO.File]::Open($Path, 'Open', 'Read', 'ReadWrite, Delete')
        try {
            # .NET Framework hashes 4 KiB at a time
            $pieces = New-Object System.IO.BufferedStream($stream, 1048576)
            return (ConvertTo-HexText -Bytes $hash.ComputeHash($pieces))
        } finally { $stream.Dispose() }
    } finally { $hash.Dispose() }
}
