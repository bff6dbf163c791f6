# The run lock: a mutex that Windows frees when its worker ends, and a record that says who and which epoch.

function Read-LockRecord {
    # state\lock.json, or $null. Damage is never read as "nobody", for epochs would begin anew: it raises unexpected-state.
    param([string]$Root)
    $path = (Get-Layout -Root $Root).Lock
    $bytes = Read-AtomicFile -Path $path
    if ($null -eq $bytes) { return $null }
    try { $record = ConvertFrom-WireJson -Text ([Text.Encoding]::ASCII.GetString($bytes)) } catch { $record = $null }
    if ((Test-JsonObject -Value $record) -and ($null -eq $record.run -or $record.run -is [string]) -and (Test-WholeNumber -Value $record.epoch)) { return $record }
    $message = "$path is damaged: put back the last epoch that a run's record names, or a higher one"
    throw (New-WireError -Code 'unexpected-state' -Message $message -Where $path -Expected '{"run": null, "epoch": N}')
}

function Test-GrantedPair {
    # Whether the lock's record names the run and epoch of a submitted transaction; false when nobody can tell.
    param([string]$Root, $Submitted)
    try { $record = Read-LockRecord -Root $Root } catch { return $false }
    return $null -ne $record -and $null -ne $record.run -and $record.run -ceq [string]$Submitted.run -and $record.epoch -eq $Submitted.epoch
}

function Write-LockRecord {
    param([string]$Root, [Collections.IDictionary]$Record)
    Write-AtomicFile -Path (Get-Layout -Root $Root).Lock -Bytes ([Text.Encoding]::ASCII.GetBytes((ConvertTo-WireJson -Value $Record)))
}

function Get-LockFact {
    <#
    .SYNOPSIS
    Who holds the run lock: @{ record; held }.
    #>
    param([Parameter(Mandatory = $true)][string]$Root)
    return [ordered]@{
        record = Read-LockRecord -Root $Root
        held   = Test-NamedMutex -Name (Get-MutexName -Role 'Worker' -Root $Root)
    }
}

function Assert-LockArgument {
    # Raises bad-request for a holder that doesn't say who it is.
    param($Arguments)
    foreach ($name in 'run', 'who', 'kind', 'since') {
        if ($Arguments.$name -isnot [string] -or -not $Arguments.$name) {
            throw (New-WireError -Code 'bad-request' -Message "lock.acquire: $name is missing" -Expected @('run', 'who', 'kind', 'since'))
        }
    }
    if ($null -ne $Arguments.epoch -and -not (Test-WholeNumber -Value $Arguments.epoch)) {
        throw (New-WireError -Code 'bad-request' -Message 'lock.acquire: epoch is no number')
    }
}

function Request-RunLock {
    # Verb lock.acquire: the mutex first, then the record with the next epoch.
    param([hashtable]$Worker, $Arguments)
    Assert-LockArgument -Arguments $Arguments
    $root = $Worker.Root
    Initialize-State -Root $root
    $held = $Worker.Lock
    $previous = Read-LockRecord -Root $root
    if ($null -ne $held -and $held.Run -ceq $Arguments.run -and [long]$Arguments.epoch -le $held.Epoch) {
        return [ordered]@{ epoch = $held.Epoch; previous = $previous }
    }
    $mutex = Get-MutexName -Role 'Worker' -Root $root
    if (-not (Enter-NamedMutex -Name $mutex)) {
        $message = "another run is at work on this host: $($previous.who) with run $($previous.run) since $($previous.since)"
        throw (New-WireError -Code 'locked' -Message $message -Actual $previous)
    }
    try {
        Clear-NeverBegun -Worker $Worker
        $last = if ($null -ne $previous) { [long]$previous.epoch } else { 0 }
        $record = [ordered]@{
            run = $Arguments.run; who = $Arguments.who; kind = $Arguments.kind; since = $Arguments.since
            epoch = [Math]::Max([long]$Arguments.epoch, $last + 1)
        }
        if ($null -eq $held) { Clear-Incoming -Root $root }
        Write-LockRecord -Root $root -Record $record
    } catch {
        if ($null -eq $held) { Exit-NamedMutex -Name $mutex }
        throw
    }
    $Worker.Lock = @{ Run = $record.run; Epoch = $record.epoch }
    return [ordered]@{ epoch = $record.epoch; previous = $(if ($null -ne $previous -and $null -ne $previous.run) { $previous } else { $null }) }
}

function Clear-Incoming {
    # What workers that died in the middle of a request left.
    param([string]$Root)
    $layout = Get-Layout -Root $Root
    foreach ($folder in [IO.Directory]::GetDirectories($layout.Incoming)) { Remove-Tree -Path $folder }
    foreach ($folder in [IO.Directory]::GetDirectories($layout.Transactions, '*.d')) {
        if (-not [IO.File]::Exists([IO.Path]::ChangeExtension($folder, 'journal'))) { Remove-Tree -Path $folder }
    }
}

function Undo-RunLock {
    # Verb lock.release: the holder goes, the epoch stays.
    param([hashtable]$Worker)
    try {
        $record = Read-LockRecord -Root $Worker.Root
        $free = [ordered]@{ run = $null; who = $record.who; kind = $record.kind; since = $record.since; epoch = $Worker.Lock.Epoch }
        Write-LockRecord -Root $Worker.Root -Record $free
    } finally {
        $Worker.Lock = $null
        Exit-NamedMutex -Name (Get-MutexName -Role 'Worker' -Root $Worker.Root)
    }
    return @{}
}

function Assert-Holder {
    # Raises not-holder unless the worker itself holds the lock for this run and epoch.
    param([hashtable]$Worker, $Request)
    $lock = $Worker.Lock
    $named = $null -ne $lock -and (Test-WholeNumber -Value $Request.epoch)
    if ($named -and $lock.Run -ceq [string]$Request.run -and $lock.Epoch -eq $Request.epoch) { return }
    throw (New-WireError -Code 'not-holder' -Message "run $($Request.run) does not hold the lock of this host")
}

function Assert-RecordedHolder {
    # For tx.cancel, which comes by a connection of its own: the record must name this run and epoch.
    param([hashtable]$Worker, $Request)
    $record = Read-LockRecord -Root $Worker.Root
    $named = $null -ne $record -and (Test-WholeNumber -Value $Request.epoch)
    if ($named -and [string]$record.run -ceq [string]$Request.run -and $record.epoch -eq $Request.epoch) { return }
    throw (New-WireError -Code 'not-holder' -Message "run $($Request.run) does not hold the lock of this host" -Actual $record)
}
