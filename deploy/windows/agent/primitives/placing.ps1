# Placing a file: beside it first, verified, then in one move; and putting back what was there.

function Get-BesideName {
    # The name under which a file is written before it is moved to Path; it fits where the longest name fits, and is no other file's.
    param([string]$Path)
    $name = [IO.Path]::GetFileName($Path)
    $kept = $name.Substring(0, [Math]::Min($name.Length, $script:MaxName - 55))
    $digest = (Get-BytesSha256 -Bytes ([Text.Encoding]::UTF8.GetBytes($name))).Substring(0, 12)
    return [IO.Path]::Combine([IO.Path]::GetDirectoryName($Path), "$kept.$digest.tsd-new")
}

function Remove-OldFile {
    # Deletes a file if it is there. File.Delete alone raises where its folder is missing, too: a step may have died before making that.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Path)
    if (-not [IO.File]::Exists($Path)) { return }
    # A read-only file can't be deleted on Windows
    [IO.File]::SetAttributes($Path, [IO.FileAttributes]::Normal)
    [IO.File]::Delete($Path)
}

function Set-PlacedFile {
    # Fill writes the file it is given and gives @{ Size; Sha256 }; only what was announced is put in place. Access list before content.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Path, [long]$Size, [string]$Sha256, $Acl, [scriptblock]$Fill)
    $beside = Get-BesideName -Path $Path
    $replaces = [IO.File]::Exists($Path)
    [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($Path))
    try {
        Write-FlushedFile -Path $beside -Bytes (New-Object byte[] 0)
        Set-Access -Path $beside -Acl $Acl
        $found = & $Fill $beside
        if ($found.Size -ne $Size -or $found.Sha256 -cne $Sha256) {
            throw (New-WireError -Code 'checksum' -Message "${Path}: other bytes arrived" -Expected @($Size, $Sha256) -Actual @($found.Size, $found.Sha256))
        }
        # Windows' replace keeps the access list of what it replaces
        if ([IO.File]::Exists($Path)) { Set-Access -Path $Path -Acl $Acl }
        Move-FileOver -From $beside -To $Path
    } finally {
        if (-not ($replaces -and (Test-LastCopy -From $beside -To $Path))) { Remove-OldFile -Path $beside }
    }
}

function Save-PlacedFile {
    # Copies what is at Path to Kept; gives what Restore-PlacedFile needs besides.
    param([string]$Path, [string]$Kept)
    if (-not [IO.File]::Exists($Path)) { return [ordered]@{ exists = $false } }
    $digest = Copy-FlushedFile -Source $Path -Destination $Kept
    return [ordered]@{ exists = $true; sha256 = $digest; sddl = (Get-AccessText -Path $Path) }
}

function Restore-PlacedFile {
    # Puts back the bytes and the access list, or absence.
    param([string]$Path, $Undo, [string]$Kept)
    Remove-OldFile -Path (Get-BesideName -Path $Path)
    if (-not $Undo.exists) {
        Remove-OldFile -Path $Path
        return
    }
    [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($Path))
    if ([IO.File]::Exists($Path)) { Set-AccessText -Path $Path -Text $Undo.sddl }
    if ([IO.File]::Exists($Path) -and (Get-FileSha256 -Path $Path) -ceq $Undo.sha256) { return }
    if (-not [IO.File]::Exists($Kept)) { throw (New-WireError -Code 'missing' -Message "${Path}: its earlier bytes are not in $Kept any more" -Expected $Undo.sha256) }
    # Moved, not copied: an undo must not need space on a full disk
    Set-AccessText -Path $Kept -Text $Undo.sddl
    Move-FileOver -From $Kept -To $Path
}
