# Named mutexes: one worker and one executor per root. Windows frees them when their process ends, however it ends.

$script:HeldMutexes = @{}

function Get-MutexName {
    # Role: Worker or Executor.
    param([string]$Role, [string]$Root)
    $digest = Get-BytesSha256 -Bytes ([Text.Encoding]::UTF8.GetBytes($Root.ToLowerInvariant()))
    return "Global\TradingSystem-$Role-$($digest.Substring(0, 8))"
}

function New-NamedMutex {
    # Administrators and SYSTEM may both wait for it, whoever made it.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Name)
    if (-not (Test-OnWindows)) { return (New-Object System.Threading.Mutex($false, $Name)) }
    $security = New-Object System.Security.AccessControl.MutexSecurity
    $security.SetSecurityDescriptorSddlForm('D:(A;;0x1f0001;;;SY)(A;;0x1f0001;;;BA)')
    $created = $false
    $extensions = 'System.Threading.MutexAcl' -as [type]
    if ($null -ne $extensions) { return $extensions::Create($false, $Name, [ref]$created, $security) }
    return (New-Object System.Threading.Mutex($false, $Name, [ref]$created, $security))
}

function Enter-NamedMutex {
    # Whether it is ours within TimeoutMs; stays ours until Exit-NamedMutex or the end of the process.
    param([string]$Name, [int]$TimeoutMs = 0)
    if ($script:HeldMutexes.ContainsKey($Name)) { return $true }
    $mutex = New-NamedMutex -Name $Name
    try {
        $mine = $mutex.WaitOne($TimeoutMs)
    } catch {
        # Its last holder ended without giving it back: it is ours now
        if ($_.Exception.GetBaseException() -isnot [Threading.AbandonedMutexException]) { $mutex.Dispose(); throw }
        $mine = $true
    }
    if ($mine) { $script:HeldMutexes[$Name] = $mutex } else { $mutex.Dispose() }
    return $mine
}

function Exit-NamedMutex {
    param([string]$Name)
    $mutex = $script:HeldMutexes[$Name]
    if ($null -eq $mutex) { return }
    $script:HeldMutexes.Remove($Name)
    $mutex.ReleaseMutex()
    $mutex.Dispose()
}

function Test-NamedMutex {
    # Whether any process, this one included, holds it.
    param([string]$Name)
    if ($script:HeldMutexes.ContainsKey($Name)) { return $true }
    if (Enter-NamedMutex -Name $Name) { Exit-NamedMutex -Name $Name; return $false }
    return $true
}
