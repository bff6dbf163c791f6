# file.put, file.fetch, secret.put.

function Get-FilePrimitive {
    # What the three verbs of a file in its place have in common is the undo
    $placed = @{
        Capture = { param($Arguments, $Context) Save-PlacedFile -Path (Resolve-OwnPath -Path $Arguments.path -Context $Context) -Kept $Context.UndoBytes }
        Undo    = { param($Arguments, $Undo, $Context) Restore-PlacedFile -Path (Resolve-OwnPath -Path $Arguments.path -Context $Context) -Undo $Undo -Kept $Context.UndoBytes }
    }
    return @{
        'file.put'   = $placed + @{
            Describe = { param($Arguments, $Context) Get-PutChange -Arguments $Arguments -Context $Context }
            Do       = { param($Arguments, $Context) Invoke-Placing -Change (Get-PutChange -Arguments $Arguments -Context $Context) -Write { Write-PutFile -Arguments $Arguments -Context $Context } }
        }
        'file.fetch' = $placed + @{
            Describe = { param($Arguments, $Context) Get-FetchChange -Arguments $Arguments -Context $Context }
            Do       = { param($Arguments, $Context) Invoke-Placing -Change (Get-FetchChange -Arguments $Arguments -Context $Context) -Write { Write-FetchedFile -Arguments $Arguments -Context $Context } }
        }
        'secret.put' = $placed + @{
            Describe = { param($Arguments, $Context) Get-SecretChange -Arguments $Arguments -Context $Context }
            Do       = { param($Arguments, $Context) Invoke-Placing -Change (Get-SecretChange -Arguments $Arguments -Context $Context) -Write { Write-SecretFile -Arguments $Arguments -Context $Context } }
        }
    }
}

function Invoke-Placing {
    # Writes unless nothing would change; gives the change.
    param([hashtable]$Change, [scriptblock]$Write)
    if ($Change.changed) { [void](& $Write) }
    return $Change
}

function Get-FileChange {
    # Whether a file differs from the bytes and the access list that are wanted.
    param([string]$Path, [string]$Sha256, $Acl)
    if ([IO.Directory]::Exists($Path)) { throw (New-WireError -Code 'exists' -Message "$Path is a folder" -Expected 'a file, or nothing') }
    if (-not [IO.File]::Exists($Path)) { return (New-Change -Changed $true -Detail @{ was = 'absent' }) }
    if ((Get-FileSha256 -Path $Path) -cne $Sha256) { return (New-Change -Changed $true -Detail @{ was = 'other bytes' }) }
    if (Test-AccessDiffers -Path $Path -Acl $Acl) { return (New-Change -Changed $true -Detail @{ was = 'other acl' }) }
    return (New-Change -Changed $false)
}

function Get-PutChange {
    param($Arguments, [hashtable]$Context)
    Assert-Argument -Verb 'file.put' -Arguments $Arguments -Required 'path', 'sha256', 'size', 'data', 'acl'
    Assert-Access -Acl $Arguments.acl
    return Get-FileChange -Path (Resolve-OwnPath -Path $Arguments.path -Context $Context) -Sha256 $Arguments.sha256 -Acl $Arguments.acl
}

function Write-PutFile {
    param($Arguments, [hashtable]$Context)
    $path = Resolve-OwnPath -Path $Arguments.path -Context $Context
    $data = Resolve-DataFile -Context $Context -Reference $Arguments.data
    Set-PlacedFile -Path $path -Size $Arguments.size -Sha256 $Arguments.sha256 -Acl $Arguments.acl -Fill {
        param($beside)
        $digest = Copy-FlushedFile -Source $data -Destination $beside
        @{ Size = (New-Object IO.FileInfo($beside)).Length; Sha256 = $digest }
    }
}

function Get-FetchChange {
    param($Arguments, [hashtable]$Context)
    Assert-Argument -Verb 'file.fetch' -Arguments $Arguments -Required 'url', 'path', 'sha256', 'size', 'headers' -Optional 'acl'
    Assert-Access -Acl $Arguments.acl
    return Get-FileChange -Path (Resolve-OwnPath -Path $Arguments.path -Context $Context) -Sha256 $Arguments.sha256 -Acl $Arguments.acl
}

function Write-FetchedFile {
    param($Arguments, [hashtable]$Context)
    $path = Resolve-OwnPath -Path $Arguments.path -Context $Context
    Set-PlacedFile -Path $path -Size $Arguments.size -Sha256 $Arguments.sha256 -Acl $Arguments.acl -Fill {
        param($beside)
        Receive-Download -Arguments $Arguments -Context $Context -Path $beside
    }
}

function Get-SecretChange {
    param($Arguments, [hashtable]$Context)
    Assert-Argument -Verb 'secret.put' -Arguments $Arguments -Required 'path', 'data', 'service'
    Assert-ServiceName -Name $Arguments.service
    $digest = Get-FileSha256 -Path (Resolve-DataFile -Context $Context -Reference $Arguments.data)
    $path = Resolve-OwnPath -Path $Arguments.path -Context $Context
    return Get-FileChange -Path $path -Sha256 $digest -Acl (Get-SecretAccess -Service $Arguments.service)
}

function Write-SecretFile {
    param($Arguments, [hashtable]$Context)
    $path = Resolve-OwnPath -Path $Arguments.path -Context $Context
    $data = Resolve-DataFile -Context $Context -Reference $Arguments.data
    try {
        $size = (New-Object IO.FileInfo($data)).Length
        Set-PlacedFile -Path $path -Size $size -Sha256 (Get-FileSha256 -Path $data) -Acl (Get-SecretAccess -Service $Arguments.service) -Fill {
            param($beside)
            @{ Size = $size; Sha256 = (Copy-FlushedFile -Source $data -Destination $beside) }
        }
    } catch {
        # Its digest would let a weak secret be guessed, so only the code stays
        $code = (ConvertTo-ErrorField -ErrorRecord $_).code
        throw (New-WireError -Code $code -Message "$($Arguments.path): the secret could not be written")
    }
}
