# The scheduled task \TradingSystem\Settle: what carries out transactions, at start-up and every minute while it is enabled.

$script:TaskFolder = '\TradingSystem\'
$script:TaskName = 'Settle'

function Get-TaskArgument {
    # The arguments of the task's program.
    param([string]$Root, [string]$Agent)
    return "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$((Get-Layout -Root $Root).ExecutorEntry)`" -Agent $Agent"
}

function Get-TaskXml {
    # The task as it has to be. Priority 4 is normal: the default, 7, is below it with low I/O priority. Instances run side by
    # side, since a mutex decides which of them works. A time in the past starts the minutes; the repetition has no end.
    param([string]$Root, [string]$Agent, [bool]$Enabled)
    $arguments = [Security.SecurityElement]::Escape((Get-TaskArgument -Root $Root -Agent $Agent))
    return @"
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Settles open deployment transactions of TradingSystem. Disabled while there are none.</Description>
  </RegistrationInfo>
  <Triggers>
    <BootTrigger><Enabled>true</Enabled></BootTrigger>
    <TimeTrigger>
      <Repetition><Interval>PT1M</Interval><StopAtDurationEnd>false</StopAtDurationEnd></Repetition>
      <StartBoundary>2020-01-01T00:00:00</StartBoundary>
      <Enabled>true</Enabled>
    </TimeTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>Parallel</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>$($Enabled.ToString().ToLowerInvariant())</Enabled>
    <Hidden>false</Hidden>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>4</Priority>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe</Command>
      <Arguments>$arguments</Arguments>
    </Exec>
  </Actions>
</Task>
"@
}

function Get-SettlingTask {
    # The task's instance, or $null when there is none; any other trouble is an error.
    Assert-WindowsCommand -Name 'Get-ScheduledTask'
    try {
        return @(Get-ScheduledTask -TaskPath $script:TaskFolder -TaskName $script:TaskName -ErrorAction Stop)[0]
    } catch {
        if ("$($_.CategoryInfo.Category)" -ceq 'ObjectNotFound') { return $null }
        throw
    }
}

function Get-SettlingTaskFact {
    # @{ exists; enabled; sha }: the module's version that it runs.
    $task = Get-SettlingTask
    if ($null -eq $task) { return [ordered]@{ exists = $false; enabled = $false; sha = $null } }
    $sha = if ("$(@($task.Actions)[0].Arguments)" -cmatch ' -Agent ([0-9a-f]{64})$') { $Matches[1] } else { $null }
    return [ordered]@{ exists = $true; enabled = [bool]$task.Settings.Enabled; sha = $sha }
}

function Get-TaskFacet {
    # What matters of a task's XML, as text to compare; whether it is enabled doesn't.
    param([string]$Xml)
    $task = ([xml]$Xml).Task
    $facets = @(
        $task.Actions.Exec.Command
        $task.Actions.Exec.Arguments
        $task.Principals.Principal.UserId
        $task.Triggers.TimeTrigger.Repetition.Interval
        $null -ne $task.Triggers.BootTrigger
        $task.Settings.MultipleInstancesPolicy
        $task.Settings.ExecutionTimeLimit
        $task.Settings.Priority
        $task.Settings.StartWhenAvailable
        $task.Settings.StopIfGoingOnBatteries
    )
    return $facets -join "`n"
}

function Test-SettlingXml {
    # Whether an exported task is as it has to be, enabled or not.
    param([string]$Xml, [string]$Root, [string]$Agent)
    return (Get-TaskFacet -Xml $Xml) -ceq (Get-TaskFacet -Xml (Get-TaskXml -Root $Root -Agent $Agent -Enabled $true))
}

function Test-SettlingTask {
    # Whether the task is there as this module wants it.
    param([string]$Root, [string]$Agent)
    if ($null -eq (Get-SettlingTask)) { return $false }
    $xml = Export-ScheduledTask -TaskPath $script:TaskFolder -TaskName $script:TaskName
    return Test-SettlingXml -Xml $xml -Root $Root -Agent $Agent
}

function Register-SettlingTask {
    param([string]$Root, [string]$Agent, [bool]$Enabled)
    Assert-WindowsCommand -Name 'Register-ScheduledTask'
    $xml = Get-TaskXml -Root $Root -Agent $Agent -Enabled $Enabled
    [void](Register-ScheduledTask -TaskPath $script:TaskFolder -TaskName $script:TaskName -Xml $xml -Force)
}

function Unregister-SettlingTask {
    if ($null -eq (Get-SettlingTask)) { return }
    Unregister-ScheduledTask -TaskPath $script:TaskFolder -TaskName $script:TaskName -Confirm:$false
}

function Assert-SettlingTask {
    # Raises missing when the task isn't there, or is that of another root.
    param([string]$Root)
    $task = Get-SettlingTask
    if ($null -eq $task) { throw (New-WireError -Code 'missing' -Message "the task $($script:TaskFolder)$($script:TaskName) is not on the host" -Expected 'executor.install') }
    $entry = (Get-Layout -Root $Root).ExecutorEntry
    if ("$(@($task.Actions)[0].Arguments)".IndexOf($entry, [StringComparison]::OrdinalIgnoreCase) -ge 0) { return }
    throw (New-WireError -Code 'unexpected-state' -Message "the task $($script:TaskFolder)$($script:TaskName) belongs to another root" -Expected $entry)
}

function Enable-SettlingTask {
    <#
    .SYNOPSIS
    Switches the settling task's triggers on; raises missing when there is none.
    #>
    param([Parameter(Mandatory = $true)][string]$Root)
    Assert-SettlingTask -Root $Root
    [void](Enable-ScheduledTask -TaskPath $script:TaskFolder -TaskName $script:TaskName)
}

function Start-SettlingTask {
    <#
    .SYNOPSIS
    Starts an instance of the settling task now; raises missing when there is none. It must be enabled.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([Parameter(Mandatory = $true)][string]$Root)
    Assert-SettlingTask -Root $Root
    [void](Start-ScheduledTask -TaskPath $script:TaskFolder -TaskName $script:TaskName)
}

function Disable-SettlingTask {
    <#
    .SYNOPSIS
    Switches the settling task's triggers off; does nothing when there is none, or it is that of another root.
    #>
    param([Parameter(Mandatory = $true)][string]$Root)
    $task = Get-SettlingTask
    if ($null -eq $task) { return }
    $entry = (Get-Layout -Root $Root).ExecutorEntry
    if ("$(@($task.Actions)[0].Arguments)".IndexOf($entry, [StringComparison]::OrdinalIgnoreCase) -lt 0) { return }
    [void](Disable-ScheduledTask -TaskPath $script:TaskFolder -TaskName $script:TaskName)
}
