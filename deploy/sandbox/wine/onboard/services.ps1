# Runs on a Wine machine from power on to power off, and does what Wine's service control manager leaves out: it notices that a
# service's process died, carries out recovery actions, and finds a service's .NET where the service's own environment says.
$ErrorActionPreference = 'Stop'

Add-Type -TypeDefinition @'
using System;
using System.Runtime.InteropServices;

public static class Scm
{
    [StructLayout(LayoutKind.Sequential)]
    public struct Status
    {
        public uint Type, State, Accepted, ExitCode, SpecificCode, CheckPoint, WaitHint, ProcessId, Flags;
    }

    [DllImport("advapi32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
    static extern IntPtr OpenSCManagerW(string machine, string database, uint access);
    [DllImport("advapi32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
    static extern IntPtr OpenServiceW(IntPtr manager, string name, uint access);
    [DllImport("advapi32.dll", SetLastError = true)]
    static extern bool QueryServiceStatusEx(IntPtr service, int level, ref Status status, uint size, out uint needed);
    [DllImport("advapi32.dll", SetLastError = true)]
    static extern bool SetServiceStatus(IntPtr service, ref Status status);
    [DllImport("advapi32.dll", SetLastError = true)]
    static extern bool StartServiceW(IntPtr service, uint count, IntPtr arguments);
    [DllImport("advapi32.dll")]
    static extern bool CloseServiceHandle(IntPtr handle);
    [DllImport("kernel32.dll", SetLastError = true)]
    static extern IntPtr OpenProcess(uint access, bool inherit, uint id);
    [DllImport("kernel32.dll")]
    static extern uint WaitForSingleObject(IntPtr handle, uint milliseconds);
    [DllImport("kernel32.dll")]
    static extern bool CloseHandle(IntPtr handle);

    const uint Query = 0x0004, Start = 0x0010, SetStatus = 0x8000, Synchronize = 0x00100000;
    const uint Stopped = 1, ProcessAborted = 1067;

    static IntPtr manager = OpenSCManagerW(null, null, 1);

    // 1 (stopped) to 7, and the process; 0 for a service that is not registered
    public static Status Look(string name)
    {
        Status status = new Status();
        IntPtr service = OpenServiceW(manager, name, Query);
        if (service == IntPtr.Zero) return status;
        uint needed;
        QueryServiceStatusEx(service, 0, ref status, 36, out needed);
        CloseServiceHandle(service);
        return status;
    }

    public static bool Alive(uint process)
    {
        IntPtr handle = OpenProcess(Synchronize, false, process);
        if (handle == IntPtr.Zero) return false;
        bool ended = WaitForSingleObject(handle, 0) == 0;
        CloseHandle(handle);
        return !ended;
    }

    // What the manager would have written down when the process ended without a word
    public static int Bury(string name)
    {
        IntPtr service = OpenServiceW(manager, name, SetStatus | Query);
        if (service == IntPtr.Zero) return Marshal.GetLastWin32Error();
        Status status = new Status();
        status.Type = 0x10;
        status.State = Stopped;
        status.ExitCode = ProcessAborted;
        int error = SetServiceStatus(service, ref status) ? 0 : Marshal.GetLastWin32Error();
        CloseServiceHandle(service);
        return error;
    }

    public static int StartAgain(string name)
    {
        IntPtr service = OpenServiceW(manager, name, Start);
        if (service == IntPtr.Zero) return Marshal.GetLastWin32Error();
        int error = StartServiceW(service, 0, IntPtr.Zero) ? 0 : Marshal.GetLastWin32Error();
        CloseServiceHandle(service);
        return error;
    }
}
'@

$machine = [Microsoft.Win32.Registry]::LocalMachine
$services = 'SYSTEM\CurrentControlSet\Services'
$dotnet = 'SOFTWARE\WOW6432Node\dotnet\Setup\InstalledVersions\x64'
$known = @{}

function Read-Action {
    # Recovery actions as the registry has them: reset period in s, then pairs of kind (1: restart) and delay in ms.
    param([byte[]]$Bytes)
    $found = @{ ResetS = 0; Actions = @() }
    if ($null -eq $Bytes -or $Bytes.Length -lt 20) { return $found }
    $found.ResetS = [BitConverter]::ToUInt32($Bytes, 0)
    $count = [BitConverter]::ToUInt32($Bytes, 12)
    $found.Actions = @(for ($at = 0; $at -lt $count; $at++) {
            @{ Kind = [BitConverter]::ToUInt32($Bytes, 20 + 8 * $at); DelayMs = [BitConverter]::ToUInt32($Bytes, 24 + 8 * $at) }
        })
    return $found
}

function Set-Runtime {
    # Wine gives a service the environment of its manager only. A .NET program looks here next.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string[]]$Environment)
    foreach ($line in @($Environment)) {
        if ("$line" -cnotmatch '^DOTNET_ROOT=(.+)$') { continue }
        $key = $machine.CreateSubKey($dotnet)
        $key.SetValue('InstallLocation', $Matches[1])
        $key.Dispose()
    }
}

function Start-Recovery {
    # Decides the action of one more failure; it is carried out when its time has come.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([hashtable]$Entry, [double]$Now)
    $recovery = Read-Action -Bytes $Entry.Key.GetValue('FailureActions')
    $fresh = $recovery.ResetS -ne [uint32]::MaxValue -and $Now - $Entry.FailedAt -ge $recovery.ResetS
    $Entry.Failures = if ($fresh) { 1 } else { $Entry.Failures + 1 }
    $Entry.FailedAt = $Now
    if ($recovery.Actions.Count -eq 0) { return }
    $action = $recovery.Actions[[Math]::Min($Entry.Failures, $recovery.Actions.Count) - 1]
    if ($action.Kind -eq 1) { $Entry.StartAt = $Now + $action.DelayMs / 1000 }
}

function Test-Service {
    # Looks at one service and does what is due.
    param([string]$Name, [hashtable]$Entry, [double]$Now)
    $status = [Scm]::Look($Name)
    if ($status.State -gt 1 -and $status.ProcessId -ne 0 -and -not [Scm]::Alive($status.ProcessId)) {
        # A new process may have taken its place in between
        if ([Scm]::Look($Name).ProcessId -eq $status.ProcessId -and [Scm]::Bury($Name) -eq 0) { Start-Recovery -Entry $Entry -Now $Now }
        $status = [Scm]::Look($Name)
    } elseif ($status.State -eq 1 -and $Entry.State -gt 1 -and $status.ExitCode -ne 0) {
        if ($Entry.Key.GetValue('FailureActionsOnNonCrashFailures', 0) -eq 1) { Start-Recovery -Entry $Entry -Now $Now }
    }
    if ($status.State -ne 1) { $Entry.StartAt = $null }
    if ($null -ne $Entry.StartAt -and $Now -ge $Entry.StartAt) {
        $Entry.StartAt = $null
        [void][Scm]::StartAgain($Name)
    }
    $Entry.State = $status.State
    $Entry.ProcessId = $status.ProcessId
}

function Update-Known {
    # Services whose programs are not the system's own, with an open registry key each.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param()
    $names = $machine.OpenSubKey($services).GetSubKeyNames()
    foreach ($name in @($known.Keys)) {
        if ($names -notcontains $name) { $known[$name].Key.Dispose(); $known.Remove($name) }
    }
    foreach ($name in $names) {
        if ($known.ContainsKey($name)) { continue }
        $key = $machine.OpenSubKey("$services\$name")
        if ($null -eq $key) { continue }
        if (-not $key.GetValue('ImagePath') -or "$($key.GetValue('ImagePath'))" -match '^"?(C:\\windows|%SystemRoot%|system32)\\') { $key.Dispose(); continue }
        $known[$name] = @{ Key = $key; State = 1; ProcessId = 0; Failures = 0; FailedAt = -1e9; StartAt = $null; Environment = '' }
    }
}

function Write-Overview {
    # For whoever watches the machine from outside.
    param([string]$Last)
    $lines = @(foreach ($name in ($known.Keys | Sort-Object)) { "$($known[$name].ProcessId)`t$name`t$($known[$name].Key.GetValue('ImagePath'))" })
    $text = ($lines -join "`n") + "`n"
    if ($text -cne $Last) {
        [IO.File]::WriteAllText('C:\windows\sandbox\services.new', $text)
        [IO.File]::Copy('C:\windows\sandbox\services.new', 'C:\windows\sandbox\services.txt', $true)
    }
    return $text
}

$clock = [Diagnostics.Stopwatch]::StartNew()
$overview = ''
while ($true) {
    Update-Known
    foreach ($name in @($known.Keys)) {
        $entry = $known[$name]
        $environment = @($entry.Key.GetValue('Environment'))
        if (($environment -join "`n") -cne $entry.Environment) {
            $entry.Environment = $environment -join "`n"
            Set-Runtime -Environment $environment
        }
        Test-Service -Name $name -Entry $entry -Now $clock.Elapsed.TotalSeconds
    }
    $overview = Write-Overview -Last $overview
    [Threading.Thread]::Sleep(200)
}
