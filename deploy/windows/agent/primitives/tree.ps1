# Folders as trees of files; nothing here follows a link out of its folder.

function Remove-AnyTree {
    # Removes a file or a folder with all that is in it; of a reparse point only the point itself. Absent: nothing happens.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Path)
    if (Test-ReparsePoint -Path $Path) {
        if ([IO.Directory]::Exists($Path)) { [IO.Directory]::Delete($Path, $false) } else { [IO.File]::Delete($Path) }
    } elseif ([IO.Directory]::Exists($Path)) {
        foreach ($entry in [IO.Directory]::GetFileSystemEntries($Path)) { Remove-AnyTree -Path $entry }
        [IO.Directory]::Delete($Path, $false)
    } elseif ([IO.File]::Exists($Path)) {
        # A read-only file can't be deleted on Windows
        [IO.File]::SetAttributes($Path, [IO.FileAttributes]::Normal)
        [IO.File]::Delete($Path)
    }
}

function Remove-WholeTree {
    # Removes a file or folder from under its name at once or not at all: renamed first, which Windows refuses while a process has
    # something of it open. What can't be deleted then is left to Clear-RemovedTree.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Path)
    $aside = "$Path.tmp-removed"
    Remove-AnyTree -Path $aside
    if ([IO.Directory]::Exists($Path)) { [IO.Directory]::Move($Path, $aside) } else { [IO.File]::Move($Path, $aside) }
    Clear-RemovedTree -Folder ([IO.Path]::GetDirectoryName($Path))
}

function Clear-RemovedTree {
    # Deletes what Remove-WholeTree put aside in a folder; what a process still has open stays for the next time.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Folder)
    if (-not [IO.Directory]::Exists($Folder)) { return }
    foreach ($aside in [IO.Directory]::GetFileSystemEntries($Folder, '*.tmp-removed')) {
        try { Remove-AnyTree -Path $aside } catch {
            if ((ConvertTo-ErrorField -ErrorRecord $_).code -cnotin 'busy', 'access-denied') { throw }
        }
    }
}

function Get-FileBelow {
    # Relative path with forward slashes -> full path, of every file of a folder.
    param([string]$Folder)
    $found = New-Object 'System.Collections.Generic.Dictionary[string,string]' ([StringComparer]::Ordinal)
    Add-FileBelow -Found $found -Folder $Folder -Prefix ''
    return , $found
}

function Add-FileBelow {
    param($Found, [string]$Folder, [string]$Prefix)
    foreach ($file in [IO.Directory]::GetFiles($Folder)) { $Found["$Prefix$([IO.Path]::GetFileName($file))"] = $file }
    foreach ($inner in [IO.Directory]::GetDirectories($Folder)) {
        $name = [IO.Path]::GetFileName($inner)
        # A link to a folder counts as one file, and so as damage
        if (Test-ReparsePoint -Path $inner) { $Found["$Prefix$name"] = $inner } else { Add-FileBelow -Found $Found -Folder $inner -Prefix "$Prefix$name/" }
    }
}

function Get-FolderDamage {
    # Relative paths that are missing, superfluous or changed, compared with a manifest (relative path -> SHA-256), sorted.
    param([string]$Folder, $Manifest)
    $wrong = New-Object 'System.Collections.Generic.List[string]'
    $found = Get-FileBelow -Folder $Folder
    foreach ($name in $Manifest.Keys) {
        if (-not $found.ContainsKey($name)) { $wrong.Add($name) }
        elseif ((Test-ReparsePoint -Path $found[$name]) -or (Get-FileSha256 -Path $found[$name]) -cne $Manifest[$name]) { $wrong.Add($name) }
    }
    foreach ($name in $found.Keys) { if (-not $Manifest.ContainsKey($name)) { $wrong.Add($name) } }
    $wrong.Sort([StringComparer]::Ordinal)
    return , $wrong.ToArray()
}
