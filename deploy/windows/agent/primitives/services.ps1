# service.create, configure, start_type, stop and start.

$script:IdentityArguments = @('name', 'image_path', 'display_name', 'description', 'account')
$script:ConfigureArguments = $script:IdentityArguments + @('depends_on', 'environment', 'failure_actions', 'failure_on_non_crash', 'sid_type')

function Get-ServicePrimitive {
    return @{
        'service.create'     = @{
            Describe = { param($Arguments, $Context) Get-CreateChange -Arguments $Arguments }
            Do       = {
                param($Arguments, $Context)
                $change = Get-CreateChange -Arguments $Arguments
                if ($change.changed) { New-DisabledService -Arguments $Arguments -Password (Read-Password -Arguments $Arguments -Context $Context) }
                $change
            }
            Settled  = { param($Arguments, $Context) Test-ProgramEnded -Name 'sc.exe' }
        }
        'service.configure'  = @{
            Describe = { param($Arguments, $Context) Get-ConfigureChange -Arguments $Arguments }
            Do       = { param($Arguments, $Context) Invoke-Configure -Arguments $Arguments -Context $Context }
            Capture  = { param($Arguments, $Context) Save-Registration -Name $Arguments.name }
            Undo     = { param($Arguments, $Undo, $Context) if (-not (Test-ServiceRemoved -Name $Arguments.name)) { Restore-Registration -Name $Arguments.name -Saved $Undo } }
            Settled  = { param($Arguments, $Context) Test-ProgramEnded -Name 'sc.exe' }
        }
        'service.start_type' = @{
            Describe = { param($Arguments, $Context) Get-StartTypeChange -Arguments $Arguments }
            Do       = {
                param($Arguments, $Context)
                $change = Get-StartTypeChange -Arguments $Arguments
                if ($change.changed) { Set-StartType -Name $Arguments.name -Start $Arguments.start }
                $change
            }
            Capture  = { param($Arguments, $Context) @{ start = (Assert-Registration -Name $Arguments.name).start } }
            Undo     = { param($Arguments, $Undo, $Context) if (-not (Test-ServiceRemoved -Name $Arguments.name)) { Set-StartType -Name $Arguments.name -Start $Undo.start } }
            Settled  = { param($Arguments, $Context) Test-ProgramEnded -Name 'sc.exe' }
        }
        'service.stop'       = @{
            Describe = { param($Arguments, $Context) Get-StopChange -Arguments $Arguments }
            Do       = {
                param($Arguments, $Context)
                $change = Get-StopChange -Arguments $Arguments
                Stop-ServiceProven -Arguments $Arguments -Context $Context
                $change
            }
            Capture  = {
                param($Arguments, $Context)
                Save-ServiceRun -Name $Arguments.name
            }
            Undo     = {
                param($Arguments, $Undo, $Context)
                Restore-ServiceRun -Arguments $Arguments -Saved $Undo -Context $Context
            }
            Settled  = { param($Arguments, $Context) (Test-ProgramEnded -Name 'sc.exe') -and (Test-ServiceGone -Arguments $Arguments) }
        }
        'service.start'      = @{
            Describe = { param($Arguments, $Context) Get-StartChange -Arguments $Arguments }
            Do       = {
                param($Arguments, $Context)
                $change = Get-StartChange -Arguments $Arguments
                if ($change.changed) { Start-ServiceProven -Name $Arguments.name -Context $Context }
                $change
            }
            Undo     = {
                param($Arguments, $Undo, $Context)
                if ((Get-ServiceState -Name $Arguments.name).Exists) { Stop-ServiceProven -Arguments $Arguments -Context $Context }
            }
        }
    }
}

function Save-ServiceRun {
    # What service.stop has to bring back: start type, whether it ran, and in which process.
    param([string]$Name)
    $start = (Assert-Registration -Name $Name).start
    $state = Assert-ServiceState -Name $Name
    $process = Get-ProcessIdentity -Id $state.Id
    return @{
        start   = $start
        ran     = $state.State -cin 'Running', 'StartPending'
        process = if ($null -ne $process) { @{ id = $process.Id; started = $process.Started } } else { $null }
    }
}

function Restore-ServiceRun {
    # Brings the service back as it ran. A process other than the old one was started, by a boot or a recovery action, from what
    # later steps had set up: that is not the old service, so it is stopped first.
    param($Arguments, $Saved, [hashtable]$Context)
    $name = [string]$Arguments.name
    if (Test-ServiceRemoved -Name $name) { return }
    $process = Get-ProcessIdentity -Id (Assert-ServiceState -Name $name).Id
    $same = $null -ne $process -and $null -ne $Saved.process -and $process.Id -eq [int]$Saved.process.id -and $process.Started -eq [long]$Saved.process.started
    if ($null -ne $process -and -not $same) { Stop-ServiceProven -Arguments $Arguments -Context $Context }
    # One that ran although it was disabled can't be started as that
    $disabled = $Saved.ran -and $Saved.start -ceq 'disabled'
    Set-StartType -Name $name -Start $(if ($disabled) { 'manual' } else { $Saved.start })
    if ($Saved.ran) { Start-ServiceProven -Name $name -Context $Context }
    if ($disabled) { Set-StartType -Name $name -Start 'disabled' }
}

function Get-CreateChange {
    param($Arguments)
    Assert-Argument -Verb 'service.create' -Arguments $Arguments -Required $script:IdentityArguments -Optional 'password'
    if (-not (Get-ServiceState -Name $Arguments.name).Exists) { return (New-Change -Changed $true -Detail @{ created = $true }) }
    if (Test-ServiceLeaving -Name $Arguments.name) { throw (New-WireError -Code 'pending-deletion' -Message "service $($Arguments.name) is marked for deletion") }
    return (New-Change -Changed $false)
}

function New-DisabledService {
    # Registers a service, disabled; what was begun and not ended is found by the next service.configure.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param($Arguments, [byte[]]$Password)
    Assert-AccountPassword -Name $Arguments.name -Account $Arguments.account -Password $Password
    $wanted = @{ Name = $Arguments.name; BinaryPathName = $Arguments.image_path; StartupType = 'Disabled' }
    if ($Arguments.display_name) { $wanted.DisplayName = $Arguments.display_name }
    if ($Arguments.description) { $wanted.Description = $Arguments.description }
    try { [void](New-Service @wanted) } catch {
        $failure = Find-InnerException -ErrorRecord $_ -Type ([ComponentModel.Win32Exception])
        if ($null -eq $failure) { throw }
        throw (New-ServiceError -Name $Arguments.name -Action 'registering' -Win32 $failure.NativeErrorCode)
    }
    $found = Assert-Registration -Name $Arguments.name
    $fields = @((Get-DifferingField -Found $found -Wanted $Arguments) | Where-Object { $script:IdentityArguments -ccontains $_ })
    Set-RegistrationField -Name $Arguments.name -Wanted $Arguments -Fields $fields -Password $Password
}

function Read-Password {
    # The account's password from its data stream, or $null.
    param($Arguments, [hashtable]$Context)
    if ($null -eq $Arguments.password) { return $null }
    return , [IO.File]::ReadAllBytes((Resolve-DataFile -Context $Context -Reference $Arguments.password))
}

function Get-ConfigureChange {
    param($Arguments)
    Assert-Argument -Verb 'service.configure' -Arguments $Arguments -Required $script:ConfigureArguments -Optional 'password'
    $fields = Get-DifferingField -Found (Assert-Registration -Name $Arguments.name) -Wanted $Arguments
    if ($fields.Count -eq 0) { return (New-Change -Changed $false) }
    return (New-Change -Changed $true -Detail @{ fields = $fields })
}

function Invoke-Configure {
    # Changes what differs and reads it back.
    param($Arguments, [hashtable]$Context)
    $change = Get-ConfigureChange -Arguments $Arguments
    if (-not $change.changed) { return $change }
    $password = Read-Password -Arguments $Arguments -Context $Context
    Set-RegistrationField -Name $Arguments.name -Wanted $Arguments -Fields $change.detail.fields -Password $password
    $left = Get-DifferingField -Found (Assert-Registration -Name $Arguments.name) -Wanted $Arguments
    if ($left.Count -eq 0) { return $change }
    throw (New-WireError -Code 'unexpected-state' -Message "service $($Arguments.name) did not take $($left -join ', ')" -Expected $left)
}

function Get-StartTypeChange {
    param($Arguments)
    Assert-Argument -Verb 'service.start_type' -Arguments $Arguments -Required 'name', 'start'
    Assert-StartType -Start $Arguments.start
    $found = (Assert-Registration -Name $Arguments.name).start
    if ($found -ceq $Arguments.start) { return (New-Change -Changed $false) }
    return (New-Change -Changed $true -Detail @{ was = $found })
}

function Get-StopChange {
    param($Arguments)
    Assert-Argument -Verb 'service.stop' -Arguments $Arguments -Required 'name', 'ports', 'on_timeout'
    $start = (Assert-Registration -Name $Arguments.name).start
    $state = (Assert-ServiceState -Name $Arguments.name).State
    if ($start -ceq 'disabled' -and $state -ceq 'Stopped' -and (Get-BusyPort -Ports $Arguments.ports).Count -eq 0) { return (New-Change -Changed $false) }
    return (New-Change -Changed $true -Detail @{ was = [ordered]@{ start = $start; state = $state } })
}

function Get-StartChange {
    param($Arguments)
    Assert-Argument -Verb 'service.start' -Arguments $Arguments -Required 'name' -Optional 'ports', 'on_timeout'
    $state = (Assert-ServiceState -Name $Arguments.name).State
    if ($state -ceq 'Running') { return (New-Change -Changed $false) }
    return (New-Change -Changed $true -Detail @{ was = $state })
}
