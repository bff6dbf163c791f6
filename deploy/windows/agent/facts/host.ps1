# The machine: section `host`.

$script:VersionKey = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion'
$script:RebootKeys = @(
    'SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending'
    'SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired'
)

function Get-HostFact {
    # Times in seconds, sizes in MB.
    param([string]$Root)
    $system = if (Test-OnWindows) { Get-WindowsFact } else { Get-OtherSystemFact }
    $drive = New-Object System.IO.DriveInfo([IO.Path]::GetPathRoot($Root))
    return [ordered]@{
        computer      = [Environment]::MachineName
        os            = $system.os; build = $system.build; edition = $system.edition
        cores         = [Environment]::ProcessorCount
        memory_mb     = $system.memory_mb
        boot_id       = Get-BootId
        uptime_s      = [Math]::Round((Get-UptimeSecond), 3)
        time_utc      = (ConvertTo-EpochMs -Time ([DateTime]::UtcNow)) / 1000.0
        powershell    = "$($PSVersionTable.PSVersion)"
        language_mode = "$($ExecutionContext.SessionState.LanguageMode)"
        elevated      = $system.elevated
        user          = $system.user
        disk_free_mb  = [long][Math]::Floor($drive.AvailableFreeSpace / 1MB)
        disk_total_mb = [long][Math]::Floor($drive.TotalSize / 1MB)
        docker        = $system.docker; pending_reboot = $system.pending_reboot
    }
}

function Get-WindowsFact {
    $system = @(Get-CimInstance -ClassName Win32_OperatingSystem -Property Caption, BuildNumber, TotalVisibleMemorySize)[0]
    $me = [Security.Principal.WindowsIdentity]::GetCurrent()
    return @{
        os             = ([string]$system.Caption).Trim()
        build          = [int]$system.BuildNumber
        edition        = [string](Get-MachineValue -Key $script:VersionKey -Name 'EditionID')
        memory_mb      = [long][Math]::Floor([long]$system.TotalVisibleMemorySize / 1024)
        elevated       = Test-Elevated
        user           = [string]$me.Name
        docker         = Get-DockerVersion
        pending_reboot = Test-PendingReboot
    }
}

function Get-OtherSystemFact {
    # For tests of the host half on Linux.
    $memory = if ([IO.File]::ReadAllText('/proc/meminfo') -cmatch 'MemTotal:\s+(\d+) kB') { [long]$Matches[1] } else { 0 }
    return @{
        os = [Environment]::OSVersion.VersionString; build = [Environment]::OSVersion.Version.Build; edition = ''
        memory_mb = [long][Math]::Floor($memory / 1024); elevated = [Environment]::UserName -ceq 'root'
        user = [Environment]::UserName; docker = $null; pending_reboot = $false
    }
}

function Get-MachineValue {
    # A registry value below HKEY_LOCAL_MACHINE, or $null.
    param([string]$Key, [string]$Name)
    $opened = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($Key)
    if ($null -eq $opened) { return $null }
    try { return $opened.GetValue($Name) } finally { $opened.Dispose() }
}

function Test-PendingReboot {
    foreach ($key in $script:RebootKeys) {
        $opened = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($key)
        if ($null -ne $opened) { $opened.Dispose(); return $true }
    }
    return $false
}

function Get-DockerVersion {
    # The version of the installed Docker by its files: nothing is run. $null when there is none.
    $programs = [Environment]::GetFolderPath('ProgramFiles')
    if (-not $programs) { return $null }
    foreach ($file in 'Docker\dockerd.exe', 'Docker\Docker\resources\dockerd.exe', 'Docker\Docker\resources\bin\docker.exe') {
        $path = [IO.Path]::Combine($programs, $file)
        if ([IO.File]::Exists($path)) { return [string][Diagnostics.FileVersionInfo]::GetVersionInfo($path).ProductVersion }
    }
    return $null
}
