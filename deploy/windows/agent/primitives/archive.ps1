# Zip archives, member by member; a member never leaves the folder it is unpacked into.

function Import-Compression {
    # Windows PowerShell doesn't load it by itself.
    if ($null -eq ('System.IO.Compression.ZipFile' -as [type])) { Add-Type -AssemblyName System.IO.Compression.FileSystem }
}

function Expand-ArchiveMember {
    # Unpacks an archive into Target; gives the names of its members with forward slashes. Name decides about each: it gets the
    # name and gives the wanted SHA-256, or $null to leave the member out.
    param([string]$Archive, [string]$Target, [scriptblock]$Wanted)
    Import-Compression
    if (-not [IO.File]::Exists($Archive)) { throw (New-WireError -Code 'missing' -Message "archive $Archive is not on the host") }
    $zip = Open-Archive -Archive $Archive
    try {
        foreach ($entry in $zip.Entries) {
            # A name that ends with a separator is a folder
            if ($entry.FullName -cmatch '[\\/]$') { continue }
            $name = Get-MemberName -Path $entry.FullName
            $digest = & $Wanted $name
            if ($null -eq $digest) { continue }
            Write-Member -Name $name -Target $Target -Sha256 $digest -Source (Open-Member -Entry $entry -Name $name)
            $name
        }
    } finally { $zip.Dispose() }
}

function Open-Archive {
    param([string]$Archive)
    $zip = $null
    try {
        $zip = [IO.Compression.ZipFile]::OpenRead($Archive)
        # The directory is read now, so that damage shows here
        [void]$zip.Entries.Count
        return $zip
    } catch {
        if ($null -ne $zip) { $zip.Dispose() }
        if ($null -eq (Find-InnerException -ErrorRecord $_ -Type ([IO.InvalidDataException]))) { throw }
        throw (New-WireError -Code 'checksum' -Message "archive $Archive is damaged: $($_.Exception.GetBaseException().Message)")
    }
}

function Open-Member {
    param($Entry, [string]$Name)
    try { return $Entry.Open() } catch { throw (New-WireError -Code 'checksum' -Message "'$Name' is damaged in its archive") }
}

function Write-Member {
    # Writes one file below Target, hashed on the way, and closes its source.
    param([string]$Name, [string]$Target, [string]$Sha256, [IO.Stream]$Source)
    try {
        $path = [IO.Path]::Combine($Target, $Name.Replace([char]'/', [IO.Path]::DirectorySeparatorChar))
        [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($path))
        try {
            $found = (Write-FlushedStream -Source $Source -Path $path).Sha256
        } catch {
            if ($null -eq (Find-InnerException -ErrorRecord $_ -Type ([IO.InvalidDataException]))) { throw }
            throw (New-WireError -Code 'checksum' -Message "'$Name' is damaged in its archive")
        }
        if ($found -cne $Sha256) {
            throw (New-WireError -Code 'checksum' -Message "'$Name' is not what the manifest says" -Expected $Sha256 -Actual $found)
        }
    } finally { $Source.Dispose() }
}
