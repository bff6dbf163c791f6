# Files that survive a power cut: written beside, flushed to the disk, renamed.

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
    $stream = New-Object System.IO.FileStream($Path, 'Create', 'Write', 'Read')
    try {
        $stream.Write($Bytes, 0, $Bytes.Length)
        $stream.Flush($true)
    } finally { $stream.Dispose() }
}

function Move-FileOver {
    # Renames over an existing file in one step. A virus scanner may hold either for a moment, so it is tried for a second.
    param([string]$From, [string]$To)
    for ($try = 1; ; $try++) {
        try {
            # .NET Framework's Move never overwrites, and its Replace wants something to replace
            if ([IO.File]::Exists($To)) { [IO.File]::Replace($From, $To, [NullString]::Value) } else { [IO.File]::Move($From, $To) }
            return
        } catch {
            if ($try -ge 20 -or (ConvertTo-ErrorField -ErrorRecord $_).code -cnotin 'busy', 'access-denied') { throw }
            [Threading.Thread]::Sleep(50)
        }
    }
}

function Write-AtomicFile {
    <#
    .SYNOPSIS
    Replaces a file: whoever reads it finds the old or the new content, also after a power cut.
    #>
    param([Parameter(Mandatory = $true)][string]$Path, [Parameter(Mandatory = $true)][AllowEmptyCollection()][byte[]]$Bytes)
    $beside = "$Path.tmp-$PID"
    try {
        Write-FlushedFile -Path $beside -Bytes $Bytes
        Move-FileOver -From $beside -To $Path
    } catch {
        [IO.File]::Delete($beside)
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
            $stream = New-Object System.IO.FileStream($Path, 'Open', 'Read', 'ReadWrite, Delete')
            try {
                $bytes = New-Object byte[] $stream.Length
                Read-Exactly -Stream $stream -Buffer $bytes -Count $bytes.Length
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

function Copy-FlushedFile {
    <#
    .SYNOPSIS
    Copies by streaming, flushes the copy to the disk and gives its SHA-256.
    #>
    param([Parameter(Mandatory = $true)][string]$Source, [Parameter(Mandatory = $true)][string]$Destination)
    $hash = [Security.Cryptography.SHA256]::Create()
    try {
        $from = New-Object System.IO.FileStream($Source, 'Open', 'Read', 'ReadWrite, Delete', 1)
        try {
            $to = New-Object System.IO.FileStream($Destination, 'Create', 'Write', 'Read', 1)
            try {
                $buffer = New-Object byte[] 1048576
                while (($got = $from.Read($buffer, 0, $buffer.Length)) -gt 0) {
                    [void]$hash.TransformBlock($buffer, 0, $got, $null, 0)
                    $to.Write($buffer, 0, $got)
                }
                [void]$hash.TransformFinalBlock($buffer, 0, 0)
                $to.Flush($true)
            } finally { $to.Dispose() }
        } finally { $from.Dispose() }
        return (ConvertTo-HexText -Bytes $hash.Hash)
    } finally { $hash.Dispose() }
}

function Set-AdministratorAccess {
    # SYSTEM and administrators only, nothing inherited, owned by the administrators.
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
