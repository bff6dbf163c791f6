# service.adopt: what ran before us becomes a revision that an undo or a rollback can return to.

function Get-AdoptionPrimitive {
    return @{
        'service.adopt' = @{
            Describe = { param($Arguments, $Context) Get-AdoptChange -Arguments $Arguments -Context $Context }
            Do       = {
                param($Arguments, $Context)
                $change = Get-AdoptChange -Arguments $Arguments -Context $Context
                if ($change.changed) { Save-Adoption -Name $Arguments.name -Record $change.detail -Context $Context }
                $change
            }
        }
    }
}

function Get-ProgramPath {
    # The program in an image path: what is quoted, else what ends with the first .exe, else the first word.
    param([string]$ImagePath)
    $text = $ImagePath.Trim()
    if ($text -cmatch '^"([^"]*)') { return $Matches[1] }
    if ($text -match '^(.+?\.exe)(?=\s|$)') { return $Matches[1] }
    return $text.Split(' ')[0]
}

function Get-AdoptionDigest {
    # 12 hex digits over all that makes the service what it is: its registration and its files' digests.
    param($Registration, $Files)
    $lines = New-Object 'System.Collections.Generic.List[string]'
    foreach ($field in $Registration.Keys) {
        $value = $Registration[$field]
        if ($field -ceq 'environment') { $value = @(Get-EnvironmentLine -Environment $value) }
        $lines.Add("$field`0$(@($value) -join "`0")")
    }
    $names = New-Object 'System.Collections.Generic.List[string]' (, [string[]]@($Files.Keys))
    $names.Sort([StringComparer]::Ordinal)
    foreach ($name in $names) { $lines.Add("$name`0$($Files[$name])") }
    $text = [string]::Join("`n", $lines.ToArray())
    return (Get-BytesSha256 -Bytes ([Text.Encoding]::UTF8.GetBytes($text))).Substring(0, 12)
}

function Get-FolderDigest {
    # Relative path -> SHA-256 of every file of a folder.
    param([string]$Folder)
    $digests = New-Object 'System.Collections.Generic.Dictionary[string,string]' ([StringComparer]::Ordinal)
    $files = Get-FileBelow -Folder $Folder
    foreach ($name in $files.Keys) { $digests[$name] = Get-FileSha256 -Path $files[$name] }
    return , $digests
}

function Read-Adoption {
    # The record of an adopted service, or $null.
    param([string]$Name, [string]$Root)
    Assert-ServiceName -Name $Name
    $bytes = Read-AtomicFile -Path ([IO.Path]::Combine((Get-Layout -Root $Root).Adopted, "$Name.json"))
    if ($null -eq $bytes) { return $null }
    return (ConvertFrom-WireJson -Text ([Text.Encoding]::UTF8.GetString($bytes)))
}

function New-AdoptionRecord {
    # The record that adoption would write, or $null when the service already is one of our revisions.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Name, [string]$Root)
    $registration = Assert-Registration -Name $Name
    $program = [Environment]::ExpandEnvironmentVariables((Get-ProgramPath -ImagePath $registration.image_path))
    $folder = [IO.Path]::GetDirectoryName($program)
    $releases = [IO.Path]::Combine($Root, 'releases')
    if (Test-PathUnder -Path $program -Folder $releases) { return $null }
    if (-not (Test-AdoptableFolder -Folder $folder)) {
        throw (New-WireError -Code 'unsupported' -Message "service $Name runs out of '$folder', which can't be copied")
    }
    if (-not [IO.Directory]::Exists($folder)) { throw (New-WireError -Code 'missing' -Message "service ${Name}: its program folder $folder is absent") }
    $files = Get-FolderDigest -Folder $folder
    if ($files.Count -eq 0) { throw (New-WireError -Code 'missing' -Message "service ${Name}: its program folder $folder is empty") }
    $digits = Get-AdoptionDigest -Registration $registration -Files $files
    return [ordered]@{
        revision = "unmanaged@$digits"; registration = $registration; folder = $folder
        copy     = [IO.Path]::Combine($releases, $Name, "unmanaged-$digits")
    }
}

function Test-AdoptableFolder {
    # Whether a program folder is neither a drive nor Windows' own.
    param([string]$Folder)
    if (-not $Folder -or $Folder.TrimEnd('\', '/').Length -le 2) { return $false }
    $windows = [IO.Path]::GetDirectoryName([Environment]::SystemDirectory)
    return -not ((Test-SamePath -Left $Folder -Right $windows) -or (Test-PathUnder -Path $Folder -Folder $windows) -or $Folder -like '*\WindowsApps\*')
}

function Get-AdoptChange {
    param($Arguments, [hashtable]$Context)
    Assert-Argument -Verb 'service.adopt' -Arguments $Arguments -Required 'name'
    $record = Read-Adoption -Name $Arguments.name -Root $Context.Root
    $wanted = New-AdoptionRecord -Name $Arguments.name -Root $Context.Root
    if ($null -eq $wanted) { return (New-Change -Changed $false -Detail $record) }
    $same = $null -ne $record -and $record.revision -ceq $wanted.revision -and [IO.Directory]::Exists($wanted.copy)
    return (New-Change -Changed (-not $same) -Detail $wanted)
}

function Save-Adoption {
    # Copies the program folder beside, reads the copy back, renames, then writes the record.
    param([string]$Name, $Record, [hashtable]$Context)
    $copy = $Record.copy
    $made = "$copy.tmp-$PID"
    Remove-AnyTree -Path $made
    try {
        $files = Get-FileBelow -Folder $Record.folder
        foreach ($relative in $files.Keys) {
            $place = [IO.Path]::Combine($made, $relative.Replace([char]'/', [IO.Path]::DirectorySeparatorChar))
            [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($place))
            $digest = Copy-FlushedFile -Source $files[$relative] -Destination $place
            if ((Get-FileSha256 -Path $place) -cne $digest) { throw (New-WireError -Code 'checksum' -Message "${copy}: '$relative' was not copied faithfully") }
        }
        if (Test-Present -Path $copy) { Remove-WholeTree -Path $copy }
        [IO.Directory]::Move($made, $copy)
    } finally { Remove-AnyTree -Path $made }
    $layout = Get-Layout -Root $Context.Root
    New-ProtectedFolder -Path $layout.State
    New-ProtectedFolder -Path $layout.Adopted
    $bytes = [Text.Encoding]::ASCII.GetBytes((ConvertTo-WireJson -Value $Record))
    Write-AtomicFile -Path ([IO.Path]::Combine($layout.Adopted, "$Name.json")) -Bytes $bytes
}
