# Sections `revisions` and `runtimes`: folders that were made whole or not at all.

$script:Manifest = 'revision.json'
$script:MaxConfigBytes = 16384

function Get-FinishedFolder {
    # The folders in a folder, sorted, without those that are being made or were put aside.
    param([string]$Folder)
    if (-not $Folder -or -not [IO.Directory]::Exists($Folder)) { return , @() }
    return , @([IO.Directory]::GetDirectories($Folder) | Where-Object { [IO.Path]::GetFileName($_) -cnotmatch '\.(tmp|damaged)-' } | Sort-Object)
}

function Get-RevisionFact {
    # Every folder below releases\<service>. Deep: their files are hashed.
    param([string]$Root, [bool]$Deep)
    $adopted = Get-AdoptedFact -Root $Root
    $facts = @(foreach ($service in (Get-FinishedFolder -Folder ([IO.Path]::Combine($Root, 'releases')))) {
            $name = [IO.Path]::GetFileName($service)
            $copy = if ($null -ne $adopted[$name]) { [string]$adopted[$name].copy } else { '' }
            foreach ($folder in (Get-FinishedFolder -Folder $service)) { ConvertTo-RevisionFact -Service $name -Folder $folder -AdoptedCopy $copy -Deep $Deep }
        })
    return , $facts
}

function ConvertTo-RevisionFact {
    param([string]$Service, [string]$Folder, [string]$AdoptedCopy, [bool]$Deep)
    $manifest = Read-RevisionManifest -Folder $Folder
    $fact = [ordered]@{
        service = $Service; folder = $Folder; name = [IO.Path]::GetFileName($Folder)
        manifest_sha256 = $manifest.Sha256
        complete = (Test-RevisionComplete -Folder $Folder -Manifest $manifest) -or (Test-SamePath -Left $AdoptedCopy -Right $Folder)
        manifest = $manifest.Value
        contents = Get-RevisionContent -Folder $Folder -Manifest $manifest.Value
    }
    if ($Deep) { $fact.damaged = Get-RevisionDamage -Folder $Folder -Manifest $manifest }
    return $fact
}

function Read-RevisionManifest {
    # @{ Sha256; Value }: '' and $null when there is none, $null for what is no manifest.
    param([string]$Folder)
    $bytes = Read-AtomicFile -Path ([IO.Path]::Combine($Folder, $script:Manifest))
    if ($null -eq $bytes) { return @{ Sha256 = ''; Value = $null } }
    $value = ConvertTo-AnswerBody -Text ([Text.Encoding]::UTF8.GetString($bytes))
    if ($null -ne $value -and $value.files -isnot [Management.Automation.PSCustomObject]) { $value = $null }
    return @{ Sha256 = (Get-BytesSha256 -Bytes $bytes); Value = $value }
}

function Get-RevisionContent {
    # Text of the rendered configuration, so that a plan can show what changes in it; it holds no secrets.
    param([string]$Folder, $Manifest)
    $found = [ordered]@{}
    if ($null -eq $Manifest -or $Manifest.config -isnot [Management.Automation.PSCustomObject]) { return $found }
    foreach ($file in $Manifest.config.PSObject.Properties) {
        $bytes = Read-AtomicFile -Path ([IO.Path]::Combine($Folder, $file.Name.Replace([char]'/', [IO.Path]::DirectorySeparatorChar)))
        if ($null -eq $bytes -or $bytes.Length -gt $script:MaxConfigBytes) { continue }
        try { $found[$file.Name] = (New-Object Text.UTF8Encoding($false, $true)).GetString($bytes) }
        catch [ArgumentException] { continue }
    }
    return $found
}

function Test-RevisionComplete {
    # Whether its name is its manifest's and no file is missing.
    param([string]$Folder, [hashtable]$Manifest)
    if ($null -eq $Manifest.Value -or -not $Folder.EndsWith("-$($Manifest.Sha256.Substring(0, 12))", [StringComparison]::Ordinal)) { return $false }
    foreach ($file in $Manifest.Value.files.PSObject.Properties) {
        if (-not [IO.File]::Exists([IO.Path]::Combine($Folder, $file.Name.Replace([char]'/', [IO.Path]::DirectorySeparatorChar)))) { return $false }
    }
    return $true
}

function Get-RevisionDamage {
    param([string]$Folder, [hashtable]$Manifest)
    if ($null -eq $Manifest.Value) { return , @() }
    $map = ConvertTo-TextMap -Value $Manifest.Value.files
    $map[$script:Manifest] = $Manifest.Sha256
    return , (Get-FolderDamage -Folder $Folder -Manifest $map)
}

function Get-RuntimeFact {
    # <runtimes_dir>\<name>\<version>; a folder is renamed into place only when it is complete.
    param([string]$Folder)
    $facts = @(foreach ($name in (Get-FinishedFolder -Folder $Folder)) {
            foreach ($version in (Get-FinishedFolder -Folder $name)) {
                $complete = [IO.Directory]::GetFileSystemEntries($version).Length -gt 0
                [ordered]@{ name = [IO.Path]::GetFileName($name); version = [IO.Path]::GetFileName($version); complete = $complete }
            }
        })
    return , $facts
}
