# dir.ensure, dir.remove, cache.prune.

function Get-FolderPrimitive {
    return @{
        'dir.ensure'  = @{
            Describe = { param($Arguments, $Context) Get-EnsureChange -Arguments $Arguments -Context $Context }
            Do       = {
                param($Arguments, $Context)
                $change = Get-EnsureChange -Arguments $Arguments -Context $Context
                if ($change.changed) {
                    $path = Resolve-OwnPath -Path $Arguments.path -Context $Context -AllowRoot
                    [void][IO.Directory]::CreateDirectory($path)
                    Set-Access -Path $path -Acl $Arguments.acl
                }
                $change
            }
        }
        'dir.remove'  = @{
            Describe = { param($Arguments, $Context) Get-RemoveChange -Arguments $Arguments -Context $Context }
            Do       = {
                param($Arguments, $Context)
                $change = Get-RemoveChange -Arguments $Arguments -Context $Context
                if ($change.changed) { Remove-AnyTree -Path (Resolve-OwnPath -Path $Arguments.path -Context $Context) }
                $change
            }
        }
        'cache.prune' = @{
            Describe = {
                param($Arguments, $Context)
                Assert-Argument -Verb 'cache.prune' -Arguments $Arguments -Required 'keep', 'folders'
                $found = Get-Prunable -Arguments $Arguments -Context $Context
                Get-PruneChange -Removed $found
            }
            Do       = { param($Arguments, $Context) Invoke-Prune -Arguments $Arguments -Context $Context }
        }
    }
}

function Get-EnsureChange {
    param($Arguments, [hashtable]$Context)
    Assert-Argument -Verb 'dir.ensure' -Arguments $Arguments -Required 'path', 'acl'
    $path = Resolve-OwnPath -Path $Arguments.path -Context $Context -AllowRoot
    Assert-Access -Acl $Arguments.acl
    if ([IO.File]::Exists($path)) { throw (New-WireError -Code 'exists' -Message "$($Arguments.path) is a file" -Expected 'a folder, or nothing') }
    if (-not [IO.Directory]::Exists($path)) { return (New-Change -Changed $true -Detail @{ created = $true }) }
    if (Test-AccessDiffers -Path $path -Acl $Arguments.acl) { return (New-Change -Changed $true -Detail @{ acl = $true }) }
    return (New-Change -Changed $false)
}

function Get-RemoveChange {
    param($Arguments, [hashtable]$Context)
    Assert-Argument -Verb 'dir.remove' -Arguments $Arguments -Required 'path'
    $path = Resolve-OwnPath -Path $Arguments.path -Context $Context
    if ([IO.File]::Exists($path) -and -not (Test-ReparsePoint -Path $path)) {
        throw (New-WireError -Code 'bad-request' -Message "$($Arguments.path) is a file" -Expected 'a folder')
    }
    if (-not (Test-Present -Path $path)) { return (New-Change -Changed $false) }
    return (New-Change -Changed $true -Detail @{ removed = $Arguments.path })
}

function Get-Prunable {
    # Those of the named folders and files that are there and not kept.
    param($Arguments, [hashtable]$Context)
    $kept = @(@($Arguments.keep) | ForEach-Object { Resolve-OwnPath -Path $_ -Context $Context })
    $found = @(foreach ($path in @($Arguments.folders)) {
            $full = Resolve-OwnPath -Path $path -Context $Context
            $held = @($kept | Where-Object { Test-SamePath -Left $_ -Right $full })
            if ($held.Count -eq 0 -and (Test-Present -Path $full)) { $path }
        })
    return , $found
}

function Get-PruneChange {
    param([object[]]$Removed, [object[]]$Busy = @())
    if ($Removed.Count -eq 0 -and $Busy.Count -eq 0) { return (New-Change -Changed $false) }
    $detail = [ordered]@{ removed = $Removed }
    if ($Busy.Count -gt 0) { $detail.busy = $Busy }
    return (New-Change -Changed ($Removed.Count -gt 0) -Detail $detail)
}

function Invoke-Prune {
    # What a process still has open stays whole, and is told: the next run finds it again.
    param($Arguments, [hashtable]$Context)
    Assert-Argument -Verb 'cache.prune' -Arguments $Arguments -Required 'keep', 'folders'
    $removed = New-Object System.Collections.ArrayList
    $busy = New-Object System.Collections.ArrayList
    $folders = @($Arguments.folders | ForEach-Object { [IO.Path]::GetDirectoryName((Resolve-OwnPath -Path $_ -Context $Context)) } | Sort-Object -Unique)
    foreach ($folder in $folders) { Clear-RemovedTree -Folder $folder }
    foreach ($path in (Get-Prunable -Arguments $Arguments -Context $Context)) {
        try {
            Remove-WholeTree -Path (Resolve-OwnPath -Path $path -Context $Context)
            [void]$removed.Add($path)
        } catch {
            if ((ConvertTo-ErrorField -ErrorRecord $_).code -cnotin 'busy', 'access-denied') { throw }
            [void]$busy.Add($path)
        }
    }
    return Get-PruneChange -Removed $removed.ToArray() -Busy $busy.ToArray()
}
