# folder.compose: a folder made of archives and files, exactly as its manifest says, or not at all.

function Get-ComposePrimitive {
    return @{
        'folder.compose' = @{
            Describe = { param($Arguments, $Context) Get-ComposeChange -Arguments $Arguments -Context $Context }
            Do       = {
                param($Arguments, $Context)
                $change = Get-ComposeChange -Arguments $Arguments -Context $Context
                if ($change.changed) { New-ComposedFolder -Arguments $Arguments -Context $Context }
                $change
            }
        }
    }
}

function Get-ComposeChange {
    param($Arguments, [hashtable]$Context)
    Assert-Argument -Verb 'folder.compose' -Arguments $Arguments -Required 'dest', 'archives', 'files', 'manifest', 'acl'
    $dest = Resolve-OwnPath -Path $Arguments.dest -Context $Context
    Assert-Access -Acl $Arguments.acl
    $manifest = Get-CheckedManifest -Manifest $Arguments.manifest
    if (-not (Test-Present -Path $dest)) { return (New-Change -Changed $true -Detail @{ was = 'absent' }) }
    if (-not [IO.Directory]::Exists($dest) -or (Test-ReparsePoint -Path $dest)) {
        throw (New-WireError -Code 'exists' -Message "$($Arguments.dest) is no folder" -Expected 'a folder, or nothing')
    }
    $damaged = Get-FolderDamage -Folder $dest -Manifest $manifest
    if ($damaged.Count -eq 0) { return (New-Change -Changed $false) }
    return (New-Change -Changed $true -Detail ([ordered]@{ was = 'damaged'; damaged = @($damaged | Select-Object -First 20) }))
}

function Get-CheckedManifest {
    # The manifest as a dictionary; raises for a name that can't be.
    param($Manifest)
    $map = ConvertTo-TextMap -Value $Manifest
    $folded = New-Object 'System.Collections.Generic.HashSet[string]' ([StringComparer]::OrdinalIgnoreCase)
    foreach ($name in $map.Keys) {
        if ((Get-MemberName -Path $name) -cne $name) { throw (New-WireError -Code 'bad-request' -Message "manifest: '$name' is no plain relative path") }
        if (-not $folded.Add($name)) { throw (New-WireError -Code 'bad-request' -Message "manifest: '$name' is there twice, told apart by upper case only") }
    }
    return , $map
}

function New-ComposedFolder {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param($Arguments, [hashtable]$Context)
    $dest = Resolve-OwnPath -Path $Arguments.dest -Context $Context
    $parent = [IO.Path]::GetDirectoryName($dest)
    [void][IO.Directory]::CreateDirectory($parent)
    # What a killed predecessor was making: nobody else is at work, we hold the run lock
    foreach ($left in [IO.Directory]::GetFileSystemEntries($parent, "$([IO.Path]::GetFileName($dest)).tmp-*")) { Remove-AnyTree -Path $left }
    $made = "$dest.tmp-$PID"
    try {
        [void][IO.Directory]::CreateDirectory($made)
        Set-Access -Path $made -Acl $Arguments.acl
        Write-ComposedFile -Arguments $Arguments -Context $Context -Made $made -Manifest (ConvertTo-TextMap -Value $Arguments.manifest)
        # Renamed, not emptied: a process that runs from it keeps its files until it ends
        if ([IO.Directory]::Exists($dest)) { [IO.Directory]::Move($dest, (Get-DamagedName -Dest $dest)) }
        [IO.Directory]::Move($made, $dest)
    } finally { Remove-AnyTree -Path $made }
}

function Write-ComposedFile {
    # The files of the request first: a member of the same name in an archive is left out.
    param($Arguments, [hashtable]$Context, [string]$Made, $Manifest)
    $written = New-Object 'System.Collections.Generic.HashSet[string]' ([StringComparer]::Ordinal)
    foreach ($file in @($Arguments.files)) {
        $name = Get-MemberName -Path $file.path
        $digest = Get-WantedDigest -Name $name -Manifest $Manifest
        $data = Resolve-DataFile -Context $Context -Reference $file.data
        Write-Member -Name $name -Target $Made -Sha256 $digest -Source ([IO.File]::OpenRead($data))
        [void]$written.Add($name)
    }
    $own = New-Object 'System.Collections.Generic.HashSet[string]' $written, ([StringComparer]::OrdinalIgnoreCase)
    foreach ($archive in @($Arguments.archives)) {
        $names = Expand-ArchiveMember -Archive (Resolve-AbsolutePath -Path $archive) -Target $Made -Wanted {
            param($name)
            if (-not $own.Contains($name)) { Get-WantedDigest -Name $name -Manifest $Manifest }
        }
        foreach ($name in @($names)) { [void]$written.Add($name) }
    }
    $lacking = @($Manifest.Keys | Where-Object { -not $written.Contains($_) } | Sort-Object)
    if ($lacking.Count -eq 0) { return }
    throw (New-WireError -Code 'checksum' -Message "$($lacking.Count) files are missing, '$($lacking[0])' first" -Expected @($lacking | Select-Object -First 20))
}

function Get-WantedDigest {
    param([string]$Name, $Manifest)
    if ($Manifest.ContainsKey($Name)) { return $Manifest[$Name] }
    throw (New-WireError -Code 'checksum' -Message "'$Name' is not in the manifest" -Actual $Name)
}

function Get-DamagedName {
    # The first free name beside a folder.
    param([string]$Dest)
    for ($number = 1; Test-Present -Path "$Dest.damaged-$number"; $number++) { continue }
    return "$Dest.damaged-$number"
}
