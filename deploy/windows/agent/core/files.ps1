# Files that survive a power cut: written beside, flushed to the disk, renamed.
# A file is opened by static methods only: under Wine a constructor that PowerShell calls may fail once in a process (docs/engines.md).
# Written without a buffer: what could not be written must not be tried again when the file is closed.

function Test-OnWindows {
    <#
    .SYNOPSIS
    Whether this is Windows.
    #>
    return [Environment]::OSVersion.Platform -eq [PlatformID]::Win32NT
}

function Write-FlushedFile {
    <#
    .SYNOPSIS
    Writes a new file or replaces its content in place, and flushes it to the disk.
    #>
    param([Parameter(Mandatory = $true)][string]$Path, [Parameter(Mandatory = $true)][AllowEmptyCollection()][byte[]]$Bytes)
    $stream = [IO.File]::Create($Path, 1, [IO.FileOptions]::None)
    try {
        $stream.Write($Bytes, 0, $Bytes.Length)
        $stream.Flush($true)
    } finally { $stream.Dispose() }
}

function Move-FileOnce {
    # One attempt. .NET Framework's Move never overwrites, and its Replace wants something to replace.
    param([string]$From, [string]$To)
    if ([IO.File]::Exists($To)) { [IO.File]::Replace($From, $To, [NullString]::Value) } else { [IO.File]::Move($From, $To) }
}

function Move-FileOver {
    # Renames over an existing file in one step. Somebody, a virus scanner for one, may hold either for a moment: tried again for a second.
    # Windows' ReplaceFile may stop halfway. By its documentation, without a backup's name, which would be one more file to be lost
    # or left: 1175, nothing happened; 1176, the old file is gone; 1177, the old file has a name that nobody is told. In both of
    # these From is whole under its own name. So what is tried again is decided by what lies there, not by the code: with nothing
    # to be replaced any more the next attempt is a move, which never overwrites, and From stays until it has succeeded.
    param([string]$From, [string]$To)
    $replaces = [IO.File]::Exists($To)
    for ($try = 1; ; $try++) {
        try {
            Move-FileOnce -From $From -To $To
            return
        } catch {
            $halfway = $replaces -and (Test-LastCopy -From $From -To $To)
            if ($try -lt 20 -and ($halfway -or (ConvertTo-ErrorField -ErrorRecord $_).code -cin 'busy', 'access-denied')) {
                [Threading.Thread]::Sleep(50)
                continue
            }
            if (-not $halfway) { throw }
            throw (New-WireError -Code 'unexpected-state' -Message "$To is gone and $From could not take its name; it is whole: rename it, or repeat the step" -Expected $To -Actual $From)
        }
    }
}

function Test-LastCopy {
    # Whether a file that was to replace another one is all that is left of the two.
    param([string]$From, [string]$To)
    return [IO.File]::Exists($From) -and -not [IO.File]::Exists($To)
}

function Write-AtomicFile {
    <#
    .SYNOPSIS
    Replaces a file: whoever reads it finds the old or the new content, also after a power cut.
    #>
    param([Parameter(Mandatory = $true)][string]$Path, [Parameter(Mandatory = $true)][AllowEmptyCollection()][byte[]]$Bytes)
    $beside = "$Path.tmp-$PID"
    $replaces = [IO.File]::Exists($Path)
    try {
        Write-FlushedFile -Path $beside -Bytes $Bytes
        Move-FileOver -From $beside -To $Path
    } catch {
        if (-not ($replaces -and (Test-LastCopy -From $beside -To $Path))) { [IO.File]::Delete($beside) }
        throw
    }
}

function Read-AtomicFile {
    <#
    .SYNOPSIS
    The bytes of a file that another process may replace at this moment, or $null when it isn't there.
    #>
    param([Parameter(Mandatory = $true)][string]$Path)
    if (-not [IO.File]::Exists($Path)) { return $null }
    for ($try = 1; ; $try++) {
        try {
            $stream = [IO.File]::Open($Path, 'Open', 'Read', 'ReadWrite, Delete')
            try {
                $bytes = New-Object byte[] $stream.Length
                Read-WholeBuffer -Stream $stream -Buffer $bytes -Count $bytes.Length
                return , $bytes
            } finally { $stream.Dispose() }
        } catch {
            $code = (ConvertTo-ErrorField -ErrorRecord $_).code
            if ($code -eq 'missing') { return $null }
            if ($code -ne 'busy' -or $try -ge 20) { throw }
            [Threading.Thread]::Sleep(10)
        }
    }
}

function Write-FlushedStream {
    # Copies a stream into a file and flushes it; gives @{ Size; Sha256 }. Stops with checksum once there are more than MaxBytes,
    # and calls OnPiece before each write.
    param([IO.Stream]$Source, [string]$Path, [long]$MaxBytes = [long]::MaxValue, [scriptblock]$OnPiece = $null)
    $hash = [Security.Cryptography.SHA256]::Create()
    $target = [IO.File]::Create($Path, 1, [IO.FileOptions]::None)
    try {
        $buffer = New-Object byte[] 1048576
        $size = 0L
        while (($got = $Source.Read($buffer, 0, $buffer.Length)) -gt 0) {
            $size += $got
            if ($size -gt $MaxBytes) { throw (New-WireError -Code 'checksum' -Message "${Path}: more bytes than announced" -Expected $MaxBytes -Actual $size) }
            if ($null -ne $OnPiece) { & $OnPiece $size }
            [void]$hash.TransformBlock($buffer, 0, $got, $null, 0)
            $target.Write($buffer, 0, $got)
        }
        [void]$hash.TransformFinalBlock($buffer, 0, 0)
        $target.Flush($true)
        return @{ Size = $size; Sha256 = (ConvertTo-HexText -Bytes $hash.Hash) }
    } finally { $target.Dispose(); $hash.Dispose() }
}

function Copy-FlushedFile {
    <#
    .SYNOPSIS
    Copies by streaming, flushes the copy to the disk and gives its SHA-256.
    #>
    param([Parameter(Mandatory = $true)][string]$Source, [Parameter(Mandatory = $true)][string]$Destination)
    $from = [IO.File]::Open($Source, 'Open', 'Read', 'ReadWrite, Delete')
    try { return (Write-FlushedStream -Source $from -Path $Destination).Sha256 } finally { $from.Dispose() }
}

function Set-AdministratorAccess {
    # SYSTEM and administrators only, nothing inherited, owned by the administrators.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Path)
    $security = New-Object System.Security.AccessControl.DirectorySecurity
    $security.SetSecurityDescriptorSddlForm('O:BAG:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)')
    $folder = New-Object System.IO.DirectoryInfo($Path)
    $extensions = 'System.IO.FileSystemAclExtensions' -as [type]
    if ($null -ne $extensions) { $extensions::SetAccessControl($folder, $security) } else { $folder.SetAccessControl($security) }
}

function New-ProtectedFolder {
    <#
    .SYNOPSIS
    Makes a folder that only SYSTEM and administrators may read, before anything is in it.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([Parameter(Mandatory = $true)][string]$Path)
    if ([IO.Directory]::Exists($Path)) { return }
    [void][IO.Directory]::CreateDirectory($Path)
    if (Test-OnWindows) { Set-AdministratorAccess -Path $Path }
}

function Remove-Tree {
    # Removes a folder of our own state; absent is fine.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Path)
    if ([IO.Directory]::Exists($Path)) { [IO.Directory]::Delete($Path, $true) }
}
