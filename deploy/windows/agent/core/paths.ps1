# Paths, checked before anything is done with them: absolute, below the root, through no reparse point.

$script:ForbiddenName = '[<>:"|?*\x00-\x1f]|[ .]$|^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])(\..*)?$'
$script:MaxName = 255
# Windows ends at 32,767; what is written beside a file needs room, too
$script:MaxPath = 32000

function Split-PlainPath {
    # The names of a relative path; raises bad-request for one that Windows doesn't allow or that leads elsewhere.
    param([string]$Path)
    $names = @($Path.Split([char[]]'\/', [StringSplitOptions]::RemoveEmptyEntries))
    foreach ($name in $names) {
        if ($name -match $script:ForbiddenName) {
            throw (New-WireError -Code 'bad-request' -Message "${Path}: '$name' is not allowed as a name on Windows, or leads elsewhere")
        }
        if ($name.Length -gt $script:MaxName) {
            throw (New-WireError -Code 'path-too-long' -Message "${Path}: a name has more than $($script:MaxName) characters" -Expected $script:MaxName)
        }
    }
    return , $names
}

function Get-MemberName {
    # A folder's member with forward slashes; never empty, never absolute.
    param($Path)
    if ($Path -isnot [string] -or $Path -cmatch '^([\\/]|$)') {
        throw (New-WireError -Code 'bad-request' -Message "'$Path' is no relative path")
    }
    return [string]::Join('/', (Split-PlainPath -Path $Path))
}

function Resolve-AbsolutePath {
    # A path with the system's own separators; raises bad-request unless it is absolute and plain.
    param($Path)
    $pattern = if (Test-OnWindows) { '^([A-Za-z]:[\\/])(.*)$' } else { '^(/)(.*)$' }
    if ($Path -isnot [string] -or $Path -cnotmatch $pattern) {
        throw (New-WireError -Code 'bad-request' -Message "'$Path' is no absolute path" -Expected 'C:\...')
    }
    if ($Path.Length -gt $script:MaxPath) {
        throw (New-WireError -Code 'path-too-long' -Message "$($Path.Substring(0, 60))...: more than $($script:MaxPath) characters" -Expected $script:MaxPath -Actual $Path.Length)
    }
    $start = $Matches[1].Substring(0, 1) + $(if (Test-OnWindows) { ':\' } else { '' })
    $names = Split-PlainPath -Path $Matches[2]
    return $start + [string]::Join([string][IO.Path]::DirectorySeparatorChar, $names)
}

function Resolve-OwnPath {
    # As Resolve-AbsolutePath, but only below the root (or the root itself), and through no reparse point.
    param($Path, [hashtable]$Context, [switch]$AllowRoot)
    $full = Resolve-AbsolutePath -Path $Path
    $root = Resolve-AbsolutePath -Path $Context.Root
    if (Test-SamePath -Left $full -Right $root) {
        if ($AllowRoot) { return $full }
        throw (New-WireError -Code 'bad-request' -Message "$Path is the root folder itself")
    }
    if (-not (Test-PathUnder -Path $full -Folder $root)) {
        throw (New-WireError -Code 'bad-request' -Message "$Path is not below $($Context.Root)" -Expected $Context.Root)
    }
    for ($between = [IO.Path]::GetDirectoryName($full); -not (Test-SamePath -Left $between -Right $root); $between = [IO.Path]::GetDirectoryName($between)) {
        if (Test-ReparsePoint -Path $between) {
            throw (New-WireError -Code 'bad-request' -Message "$Path leads through the reparse point $between" -Expected $Context.Root)
        }
    }
    return $full
}

function Get-PathComparison {
    if (Test-OnWindows) { return [StringComparison]::OrdinalIgnoreCase }
    return [StringComparison]::Ordinal
}

function Test-SamePath {
    param([string]$Left, [string]$Right)
    return [string]::Equals($Left, $Right, (Get-PathComparison))
}

function Test-PathUnder {
    # Whether a path lies inside a folder.
    param([string]$Path, [string]$Folder)
    $separator = [string][IO.Path]::DirectorySeparatorChar
    return $Path.StartsWith($Folder.TrimEnd('\', '/') + $separator, (Get-PathComparison))
}

function Test-ReparsePoint {
    # Whether there is a junction or link of this name; its target doesn't matter.
    param([string]$Path)
    try { $attributes = [IO.File]::GetAttributes($Path) } catch {
        if ((ConvertTo-ErrorField -ErrorRecord $_).code -ceq 'missing') { return $false }
        throw
    }
    return ($attributes -band [IO.FileAttributes]::ReparsePoint) -ne 0
}

function Test-Present {
    # Whether there is anything of this name: a file, a folder, or a link to nowhere.
    param([string]$Path)
    return [IO.File]::Exists($Path) -or [IO.Directory]::Exists($Path) -or (Test-ReparsePoint -Path $Path)
}
