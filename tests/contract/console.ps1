# A window into a Windows machine for the tests: one request a line on standard input, one answer a line on standard output, both
# JSON in ASCII. Knows nothing of the host half. -Shared: the machine is not the tests' own; services that are there at the start stay.
param([switch]$Shared)
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$taskPath = '\TradingSystem\'
$taskName = 'Settle'
$taskRunning = 4   # TASK_STATE_RUNNING
$firewallKey = 'SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules'
$servicesKey = 'SYSTEM\CurrentControlSet\Services'
$rights = @{ 'FullControl' = 'full'; 'Modify, Synchronize' = 'modify'; 'ReadAndExecute, Synchronize' = 'read' }
$kept = @(if ($Shared) { [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($servicesKey).GetSubKeyNames() })

function Get-Access {
    param([string]$Path)
    $extensions = 'System.IO.FileSystemAclExtensions' -as [type]
    $item = if ([IO.Directory]::Exists($Path)) { New-Object IO.DirectoryInfo $Path } else { New-Object IO.FileInfo $Path }
    $security = if ($null -ne $extensions) { $extensions::GetAccessControl($item, 'Access') } else { $item.GetAccessControl('Access') }
    $grants = @(foreach ($rule in $security.GetAccessRules($true, $false, [Security.Principal.SecurityIdentifier])) {
            , @($rule.IdentityReference.Value, $rights["$($rule.FileSystemRights)"])
        })
    return @{ inherit = -not $security.AreAccessRulesProtected; grants = $grants }
}

function Get-Running {
    param([int]$Id)
    try { $process = [Diagnostics.Process]::GetProcessById($Id) } catch { return $null }
    if ($process.HasExited) { return $null }
    return $process
}

function Get-ForeignService {
    # Names of the services that the tests registered: from the registry, which costs less than asking for all of them.
    $system = '^"?(C:\\windows|%SystemRoot%|\\SystemRoot|system32|C:\\Program|\\\?\?\\)'
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($servicesKey)
    foreach ($name in $key.GetSubKeyNames()) {
        if ($kept -contains $name) { continue }
        $opened = $key.OpenSubKey($name)
        if ($null -eq $opened) { continue }
        $path = "$($opened.GetValue('ImagePath'))"
        $opened.Dispose()
        if ($name -like 'TradingSystem*' -or ($path -and $path -notmatch $system)) { $name }
    }
    $key.Dispose()
}

function Get-Installation {
    # What a deployment of anybody's has left here: tests would take it for their own.
    foreach ($name in [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($servicesKey).GetSubKeyNames()) {
        if ($name -like 'TradingSystem*') { "service $name" }
    }
    if (Test-Path -LiteralPath 'C:\TradingSystem') { 'folder C:\TradingSystem' }
    if (Test-Path -LiteralPath 'HKLM:\SOFTWARE\TradingSystem') { 'registry key HKLM\SOFTWARE\TradingSystem' }
    if (Get-ScheduledTask -TaskPath $taskPath -TaskName $taskName -ErrorAction SilentlyContinue) { "task $taskPath$taskName" }
    Get-ValueName -Key $firewallKey | Where-Object { $_ -like 'TradingSystem-*' } | ForEach-Object { "firewall rule $_" }
}

function Remove-Leftover {
    # Services, rules, tasks and registry values of the tests; what they left on the disk is the caller's.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param()
    foreach ($name in @(Get-ForeignService)) {
        $service = Get-CimInstance -ClassName Win32_Service -Filter "Name = '$($name.Replace('\', '\\').Replace("'", "\'"))'"
        [void](& sc.exe config $name start= disabled)
        if ($service.ProcessId) { $process = Get-Running -Id $service.ProcessId; if ($process) { $process.Kill(); [void]$process.WaitForExit(5000) } }
        [void](& sc.exe delete $name)
    }
    $until = [DateTime]::UtcNow.AddSeconds(20)
    while (@(Get-ForeignService).Count -gt 0) {
        if ([DateTime]::UtcNow -gt $until) { throw "still registered: $(@(Get-ForeignService) -join ', ')" }
        [Threading.Thread]::Sleep(50)
    }
    Get-ValueName -Key $firewallKey | Where-Object { $_ -like 'TradingSystem-*' } | ForEach-Object { Remove-NetFirewallRule -Name $_ -Confirm:$false }
    if (Get-ScheduledTask -TaskPath $taskPath -TaskName $taskName -ErrorAction SilentlyContinue) {
        Unregister-ScheduledTask -TaskPath $taskPath -TaskName $taskName -Confirm:$false
    }
    if (Test-Path -LiteralPath 'HKLM:\SOFTWARE\TradingSystem') { Remove-Item -LiteralPath 'HKLM:\SOFTWARE\TradingSystem' -Recurse }
}

function Set-RegistryText {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Key, [string]$Name, [string]$Text)
    $opened = [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey($Key)
    $opened.SetValue($Name, $Text)
    $opened.Dispose()
}

function Get-SettlingTask {
    # The scheduler's own object, which counts its instances; $null: there is none.
    $scheduler = New-Object -ComObject 'Schedule.Service'
    $scheduler.Connect()
    try { return $scheduler.GetFolder($taskPath.TrimEnd('\')).GetTask($taskName) } catch { return $null }
}

function Start-SettlingTask {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param()
    # Returns once the instance has begun, or is over already.
    $task = Get-SettlingTask
    if ($null -eq $task -or -not $task.Enabled) { return }
    $instance = $task.Run($null)
    $until = [DateTime]::UtcNow.AddSeconds(60)
    while ($instance.State -ne $taskRunning) {
        if ([DateTime]::UtcNow -gt $until) { throw 'the settling task was asked to run and did not begin within 60 s' }
        [Threading.Thread]::Sleep(20)
        try { $instance.Refresh() } catch { return }
    }
}

function Stop-SettlingTask {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param()
    $task = Get-SettlingTask
    if ($null -ne $task) { $task.Stop(0) }
}

function Measure-Executor {
    $task = Get-SettlingTask
    if ($null -eq $task) { return 0 }
    return $task.GetInstances(0).Count
}

function Get-ValueName {
    param([string]$Key)
    $opened = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($Key)
    if ($null -eq $opened) { return @() }
    $names = $opened.GetValueNames()
    $opened.Dispose()
    return $names
}

function Invoke-Request {
    param($Request)
    switch ($Request.what) {
        'access' { Get-Access -Path $Request.path }
        'registry' { @(Get-ValueName -Key $Request.key) }
        'alive' { $null -ne (Get-Running -Id $Request.pid) }
        'kill' { $process = Get-Running -Id $Request.pid; if ($process) { $process.Kill(); [void]$process.WaitForExit(5000) } }
        'task' { "$((Get-ScheduledTask -TaskPath $taskPath -TaskName $taskName).State)" }
        'enable-task' { [void](Enable-ScheduledTask -TaskPath $taskPath -TaskName $taskName) }
        'delete-task' { Unregister-ScheduledTask -TaskPath $taskPath -TaskName $taskName -Confirm:$false }
        'executors' { Measure-Executor }
        'fire' { Start-SettlingTask }
        'end-task' { Stop-SettlingTask }
        'delete-service' { [void](& sc.exe delete $Request.name); $LASTEXITCODE }
        'installation' { @(Get-Installation) }
        'remove-leftovers' { Remove-Leftover }
        'set-registry' { Set-RegistryText -Key $Request.key -Name $Request.name -Text $Request.text }
        default { throw "unknown request $($Request.what)" }
    }
}

while ($null -ne ($line = [Console]::In.ReadLine())) {
    $answer = try { @{ ok = $true; value = (Invoke-Request -Request ($line | ConvertFrom-Json)) } } catch { @{ ok = $false; value = "$_" } }
    $text = ConvertTo-Json -InputObject $answer -Compress -Depth 6
    $ascii = [regex]::Replace($text, '[^\x00-\x7F]', { param($found) '\u{0:x4}' -f [int][char]$found.Value })
    [Console]::Out.WriteLine($ascii)
    [Console]::Out.Flush()
}
