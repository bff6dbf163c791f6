# Uptime and boot: what journals decide by. Both mean the same in every process of one boot.

$script:BootId = $null

function Get-UptimeSecond {
    <#
    .SYNOPSIS
    Seconds since start-up by the performance counter: monotonic, whatever is done to the clock.
    #>
    return [Diagnostics.Stopwatch]::GetTimestamp() / [double][Diagnostics.Stopwatch]::Frequency
}

function Get-BootId {
    <#
    .SYNOPSIS
    Text that is another one after each start-up.
    .DESCRIPTION
    On Windows it is when the service control manager's process started: written down once a boot, unlike the time of the last
    start-up, which Windows computes from the clock.
    #>
    if ($null -eq $script:BootId) { $script:BootId = Read-BootId }
    return $script:BootId
}

function Read-BootId {
    if (-not (Test-OnWindows)) { return [IO.File]::ReadAllText('/proc/sys/kernel/random/boot_id').Trim() }
    $manager = @(Get-CimInstance -ClassName Win32_Process -Filter "Name='services.exe'" -Property ProcessId, SessionId, CreationDate | Sort-Object -Property CreationDate)
    if ($manager.Count -eq 0) { throw (New-WireError -Code 'internal' -Message 'no process services.exe: the start-up cannot be told') }
    return "$(ConvertTo-EpochMs -Time $manager[0].CreationDate)-$($manager[0].ProcessId)"
}

function ConvertTo-EpochMs {
    # A time as ms since 1970.
    param([DateTime]$Time)
    $epoch = New-Object DateTime(1970, 1, 1, 0, 0, 0, [DateTimeKind]::Utc)
    return [long]($Time.ToUniversalTime() - $epoch).TotalMilliseconds
}
