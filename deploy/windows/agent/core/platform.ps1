# Clock and processes, as a table: tests put other ones in.

function New-Platform {
    <#
    .SYNOPSIS
    The real clock, processes and settling task.
    .DESCRIPTION
    Every entry is a script block. OnCheckpoint is called between the steps of the executor with the checkpoint's name;
    it does nothing here.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param()
    return @{
        Uptime            = { Get-UptimeSecond }
        BootId            = { Get-BootId }
        UtcNow            = { [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ss.fffZ', [Globalization.CultureInfo]::InvariantCulture) }
        Sleep             = { param([int]$Milliseconds) [Threading.Thread]::Sleep($Milliseconds) }
        ProcessStart      = { param([int]$Id) Get-ProcessStart -Id $Id }
        StopProcess       = { param([int]$Id) Stop-ProcessAtOnce -Id $Id }
        StopTree          = { param([int]$Id) Stop-ProcessTree -Id $Id -Platform @{ StopProcess = { param([int]$Each) Stop-ProcessAtOnce -Id $Each } } }
        EnableTask        = { param([string]$Root) Enable-SettlingTask -Root $Root }
        StartTask         = { param([string]$Root) Start-SettlingTask -Root $Root }
        DisableTask       = { param([string]$Root) Disable-SettlingTask -Root $Root }
        RegistrationState = { param([string]$Name) Get-RegistrationState -Name $Name }
        OnCheckpoint      = { param([string]$Name) }
    }
}

function Test-Elevated {
    # Whether this process may do what an administrator may. Elsewhere than on Windows: whatever its account may.
    if (-not (Test-OnWindows)) { return $true }
    $principal = New-Object System.Security.Principal.WindowsPrincipal([Security.Principal.WindowsIdentity]::GetCurrent())
    return $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Get-ProcessStart {
    # When a process started, in ms since 1970; $null when there is none of this id.
    param([int]$Id)
    try { $process = [Diagnostics.Process]::GetProcessById($Id) } catch { return $null }
    try {
        if ($process.HasExited) { return $null }
        $epoch = New-Object DateTime(1970, 1, 1, 0, 0, 0, [DateTimeKind]::Utc)
        return [long]($process.StartTime.ToUniversalTime() - $epoch).TotalMilliseconds
    } catch [InvalidOperationException] {
        return $null # it ended in between
    } finally { $process.Dispose() }
}

function Stop-ProcessAtOnce {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([int]$Id)
    try { $process = [Diagnostics.Process]::GetProcessById($Id) } catch { return }
    try {
        if (-not $process.HasExited) { $process.Kill() }
        [void]$process.WaitForExit(5000)
    } finally { $process.Dispose() }
}

function Wait-Condition {
    <#
    .SYNOPSIS
    Whether a condition came true before the step's deadline.
    .EXAMPLE
    if (-not (Wait-Condition -Context $Context -Condition { Test-PortFree $port })) { throw ... }
    #>
    param(
        [Parameter(Mandatory = $true)][hashtable]$Context,
        [Parameter(Mandatory = $true)][scriptblock]$Condition,
        [int]$IntervalMs = 100
    )
    while ($true) {
        if (& $Condition) { return $true }
        if ((& $Context.Platform.Uptime) -ge $Context.DeadlineUp) { return $false }
        & $Context.Platform.Sleep $IntervalMs
    }
}
