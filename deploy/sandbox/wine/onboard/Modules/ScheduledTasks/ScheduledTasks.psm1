# Wine has no task scheduler. Tasks are files, as Windows keeps them: C:\windows\tasks\<folder>\<name>.xml. The sandbox's daemon reads
# them and starts what they name; a start on demand is asked for by a file in C:\windows\sandbox\starts.

$script:Store = 'C:\windows\tasks'
$script:Starts = 'C:\windows\sandbox\starts'
$script:PatienceS = 15

function Get-TaskFile {
    param([string]$TaskPath, [string]$TaskName)
    return [IO.Path]::Combine($script:Store, $TaskPath.Trim('\'), "$TaskName.xml")
}

function Invoke-Patiently {
    # Another process may have the file open at this moment: a file's sharing, unlike a scheduler, refuses instead of waiting.
    param([scriptblock]$Work)
    for ($left = 100; $true; $left--) {
        try { return & $Work } catch {
            if ($left -le 0 -or $_.Exception.GetBaseException() -isnot [IO.IOException]) { throw }
            [Threading.Thread]::Sleep(20)
        }
    }
}

function Write-TaskFile {
    # Written beside and put in its place in one step: others read at any time.
    param([string]$File, [string]$Text)
    [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($File))
    $beside = "$File.$PID"
    [IO.File]::WriteAllText($beside, $Text, (New-Object System.Text.UnicodeEncoding))
    Invoke-Patiently -Work {
        if ([IO.File]::Exists($File)) { [IO.File]::Replace($beside, $File, [NullString]::Value) } else { [IO.File]::Move($beside, $File) }
    }
}

function Read-TaskFile {
    param([string]$TaskPath, [string]$TaskName)
    $file = Get-TaskFile -TaskPath $TaskPath -TaskName $TaskName
    if ([IO.File]::Exists($file)) { return Invoke-Patiently -Work { [IO.File]::ReadAllText($file) } }
    throw (New-MissingTask -TaskName $TaskName)
}

function New-MissingTask {
    # What the real module says of a task that is not there.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$TaskName)
    $message = "No MSFT_ScheduledTask objects found with property 'TaskName' equal to '$TaskName'.  Verify the value of the property and retry."
    return New-Object System.Management.Automation.ErrorRecord((New-Object System.Exception($message)), 'CmdletizationQuery_NotFound_TaskName', 'ObjectNotFound', $TaskName)
}

function ConvertTo-Task {
    param([string]$TaskPath, [string]$TaskName, [string]$Text)
    $task = ([xml]$Text).Task
    $enabled = "$($task.Settings.Enabled)" -cne 'false'
    return [PSCustomObject]@{
        TaskName = $TaskName
        TaskPath = $TaskPath
        State    = if ($enabled) { 'Ready' } else { 'Disabled' }
        Actions  = @(foreach ($action in @($task.Actions.Exec)) { [PSCustomObject]@{ Execute = [string]$action.Command; Arguments = [string]$action.Arguments } })
        Settings = [PSCustomObject]@{ Enabled = $enabled }
    }
}

function Switch-Task {
    param([string]$TaskPath, [string]$TaskName, [bool]$Enabled)
    $document = [xml](Read-TaskFile -TaskPath $TaskPath -TaskName $TaskName)
    $document.Task.Settings.Enabled = $Enabled.ToString().ToLowerInvariant()
    Write-TaskFile -File (Get-TaskFile -TaskPath $TaskPath -TaskName $TaskName) -Text $document.OuterXml
    return ConvertTo-Task -TaskPath $TaskPath -TaskName $TaskName -Text $document.OuterXml
}

function Get-ScheduledTask {
    [CmdletBinding()]
    param([string]$TaskPath = '\', [Parameter(Mandatory = $true)][string]$TaskName)
    if (-not [IO.File]::Exists((Get-TaskFile -TaskPath $TaskPath -TaskName $TaskName))) {
        $PSCmdlet.WriteError((New-MissingTask -TaskName $TaskName))
        return
    }
    return ConvertTo-Task -TaskPath $TaskPath -TaskName $TaskName -Text (Read-TaskFile -TaskPath $TaskPath -TaskName $TaskName)
}

function Export-ScheduledTask {
    [CmdletBinding()]
    param([string]$TaskPath = '\', [Parameter(Mandatory = $true)][string]$TaskName)
    return Read-TaskFile -TaskPath $TaskPath -TaskName $TaskName
}

function Register-ScheduledTask {
    [CmdletBinding()]
    param([string]$TaskPath = '\', [Parameter(Mandatory = $true)][string]$TaskName, [Parameter(Mandatory = $true)][string]$Xml, [switch]$Force)
    $file = Get-TaskFile -TaskPath $TaskPath -TaskName $TaskName
    if ([IO.File]::Exists($file) -and -not $Force) { throw 'Cannot create a file when that file already exists.' }
    $task = ConvertTo-Task -TaskPath $TaskPath -TaskName $TaskName -Text $Xml
    Write-TaskFile -File $file -Text $Xml
    return $task
}

function Enable-ScheduledTask {
    [CmdletBinding()]
    param([string]$TaskPath = '\', [Parameter(Mandatory = $true)][string]$TaskName)
    return Switch-Task -TaskPath $TaskPath -TaskName $TaskName -Enabled $true
}

function Disable-ScheduledTask {
    [CmdletBinding()]
    param([string]$TaskPath = '\', [Parameter(Mandatory = $true)][string]$TaskName)
    return Switch-Task -TaskPath $TaskPath -TaskName $TaskName -Enabled $false
}

function Unregister-ScheduledTask {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$TaskPath = '\', [Parameter(Mandatory = $true)][string]$TaskName)
    [void](Read-TaskFile -TaskPath $TaskPath -TaskName $TaskName)
    if ($PSCmdlet.ShouldProcess("$TaskPath$TaskName")) { [IO.File]::Delete((Get-TaskFile -TaskPath $TaskPath -TaskName $TaskName)) }
}

function Start-ScheduledTask {
    # Returns when the daemon has started it.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    [CmdletBinding()]
    param([string]$TaskPath = '\', [Parameter(Mandatory = $true)][string]$TaskName)
    $task = ConvertTo-Task -TaskPath $TaskPath -TaskName $TaskName -Text (Read-TaskFile -TaskPath $TaskPath -TaskName $TaskName)
    if (-not $task.Settings.Enabled) { throw 'The task is disabled.' }
    [void][IO.Directory]::CreateDirectory($script:Starts)
    $request = [IO.Path]::Combine($script:Starts, [Guid]::NewGuid().ToString('N'))
    [IO.File]::WriteAllText("$request.new", "$($TaskPath.Trim('\'))\$TaskName")
    [IO.File]::Move("$request.new", "$request.start")
    $clock = [Diagnostics.Stopwatch]::StartNew()
    while ([IO.File]::Exists("$request.start")) {
        if ($clock.Elapsed.TotalSeconds -gt $script:PatienceS) {
            [IO.File]::Delete("$request.start")
            throw 'The task scheduler service is not available.'
        }
        [Threading.Thread]::Sleep(20)
    }
}

Export-ModuleMember -Function *-ScheduledTask
