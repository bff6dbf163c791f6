# executor.install and executor.remove: what of ours stays on a host between runs.

function Get-InstallationPrimitive {
    return @{
        'executor.install' = @{
            Describe = { param($Arguments, $Context) Get-InstallChange -Arguments $Arguments -Context $Context }
            Do       = { param($Arguments, $Context) Install-Executor -Arguments $Arguments -Context $Context }
        }
        'executor.remove'  = @{
            Describe = { param($Arguments, $Context) Get-UninstallChange -Arguments $Arguments -Context $Context }
            Do       = { param($Arguments, $Context) Uninstall-Executor -Arguments $Arguments -Context $Context }
        }
    }
}

function Get-InstalledModule {
    # SHA-256 of each module in the agent's folder, sorted.
    param([string]$Root)
    $folder = (Get-Layout -Root $Root).Agent
    if (-not [IO.Directory]::Exists($folder)) { return , @() }
    $names = @([IO.Directory]::GetFiles($folder, '*.psm1') | ForEach-Object { [IO.Path]::GetFileNameWithoutExtension($_).ToLowerInvariant() })
    return , @($names | Where-Object { $_ -cmatch '^[0-9a-f]{64}$' } | Sort-Object)
}

function Get-OpenAgent {
    # Versions of the module that open transactions were submitted to.
    param([string]$Root)
    $agents = @(foreach ($tx in (Get-OpenName -Root $Root)) {
            $journal = Read-Journal -Path (Get-TransactionPath -Root $Root -Tx $tx).Journal
            if ($journal.Records.Count -gt 0) { [string]$journal.Records[0].agent }
        })
    return , $agents
}

function Get-OutdatedModule {
    # Modules that neither this version nor an open transaction needs.
    param([hashtable]$Context)
    $needed = @($Context.Agent) + (Get-OpenAgent -Root $Context.Root)
    return , @((Get-InstalledModule -Root $Context.Root) | Where-Object { $needed -cnotcontains $_ })
}

function Get-EntryByte {
    # The bytes of executor.ps1; agent_bundle.py puts its text into the module.
    return , [Text.Encoding]::ASCII.GetBytes((Get-ExecutorEntry)) # lint:ignore UnknownCommand
}

function Get-PrivateAccess {
    # SYSTEM and administrators only.
    return [PSCustomObject]@{
        inherit = $false
        grants  = @([PSCustomObject]@{ sid = $script:SystemSid; rights = 'full' }, [PSCustomObject]@{ sid = $script:AdministratorsSid; rights = 'full' })
    }
}

function Get-InstallChange {
    param($Arguments, [hashtable]$Context)
    Assert-Argument -Verb 'executor.install' -Arguments $Arguments
    $layout = Get-Layout -Root $Context.Root
    $wanted = Get-BytesSha256 -Bytes (Get-EntryByte)
    $detail = [ordered]@{}
    if (-not [IO.File]::Exists($layout.ExecutorEntry) -or (Get-FileSha256 -Path $layout.ExecutorEntry) -cne $wanted) { $detail.script = $true }
    foreach ($folder in $layout.Agent, $layout.State) {
        if (-not [IO.Directory]::Exists($folder) -or (Test-AccessDiffers -Path $folder -Acl (Get-PrivateAccess))) { $detail.acl = $true }
    }
    if (-not (Test-SettlingTask -Root $Context.Root -Agent $Context.Agent)) { $detail.task = $true }
    $outdated = Get-OutdatedModule -Context $Context
    if ($outdated.Count -gt 0) { $detail.removed = $outdated }
    if ($detail.Count -eq 0) { return (New-Change -Changed $false) }
    return (New-Change -Changed $true -Detail $detail)
}

function Install-Executor {
    param($Arguments, [hashtable]$Context)
    $change = Get-InstallChange -Arguments $Arguments -Context $Context
    if (-not $change.changed) { return $change }
    $root = $Context.Root
    $layout = Get-Layout -Root $root
    if ((Get-InstalledModule -Root $root) -cnotcontains $Context.Agent) {
        throw (New-WireError -Code 'missing' -Message "the module $($Context.Agent) is not on the host" -Expected $Context.Agent)
    }
    foreach ($folder in $layout.Agent, $layout.State) {
        New-ProtectedFolder -Path $folder
        if (Test-AccessDiffers -Path $folder -Acl (Get-PrivateAccess)) { Set-Access -Path $folder -Acl (Get-PrivateAccess) }
    }
    Write-AtomicFile -Path $layout.ExecutorEntry -Bytes (Get-EntryByte)
    # An open transaction keeps its triggers, or nobody would settle it
    Register-SettlingTask -Root $root -Agent $Context.Agent -Enabled (@(Get-OpenName -Root $root).Count -gt 0)
    foreach ($sha in (Get-OutdatedModule -Context $Context)) { [IO.File]::Delete([IO.Path]::Combine($layout.Agent, "$sha.psm1")) }
    return $change
}

function Get-UninstallChange {
    param($Arguments, [hashtable]$Context)
    Assert-Argument -Verb 'executor.remove' -Arguments $Arguments
    $folder = (Get-Layout -Root $Context.Root).Agent
    $detail = [ordered]@{}
    if ((Get-SettlingTaskFact).exists) { $detail.task = $true }
    $files = @(if ([IO.Directory]::Exists($folder)) { [IO.Directory]::GetFiles($folder) | ForEach-Object { [IO.Path]::GetFileName($_) } | Sort-Object })
    if ($files.Count -gt 0) { $detail.files = $files }
    return (New-Change -Changed ($detail.Count -gt 0) -Detail $(if ($detail.Count -gt 0) { $detail } else { $null }))
}

function Uninstall-Executor {
    # Attestations, adoptions and journals are the operator's, and stay.
    param($Arguments, [hashtable]$Context)
    $root = $Context.Root
    $change = Get-UninstallChange -Arguments $Arguments -Context $Context
    if (@(Get-OpenName -Root $root).Count -gt 0) {
        throw (New-WireError -Code 'transaction-open' -Message 'a transaction is open: without the task nobody would settle it')
    }
    $layout = Get-Layout -Root $root
    Unregister-SettlingTask
    Remove-AnyTree -Path $layout.Agent
    Remove-AnyTree -Path $layout.Executor
    foreach ($folder in $layout.Incoming, $layout.Transactions, $layout.Adopted, $layout.State) {
        if ([IO.Directory]::Exists($folder) -and [IO.Directory]::GetFileSystemEntries($folder).Length -eq 0) { [IO.Directory]::Delete($folder, $false) }
    }
    return $change
}
