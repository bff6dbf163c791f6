# One service as Windows would have it, for the primitives on any system: its key, its process, sc.exe's answers.

$toy = @{ Exists = $true; Leaving = $false; State = 'Running'; Id = 7; Start = 'auto'; Path = 'old.exe' }
$toyStarts = @{ auto = 2; demand = 3; disabled = 4 }

function Test-OnWindows { $true }
function Get-BusyPort { param($Ports) , @() }
function Get-ProcessIdentity { param($Id) if ($Id -gt 0) { @{ Id = $Id; Image = 'x.exe'; Started = [long](1000 + $Id) } } }
function Test-ProcessAlive { param($Process) $null -ne $Process -and $Process.Id -eq $toy.Id }
function Edit-Service { param($Name, $Change) if ($Change.PathName) { $toy.Path = $Change.PathName } }

function Get-ServiceState {
    param($Name)
    if (-not $toy.Exists) { return @{ Exists = $false; State = 'Absent'; Id = 0 } }
    return @{ Exists = $true; State = $toy.State; Id = $toy.Id }
}

function Open-ServiceKey {
    param($Name, $Writable)
    if (-not $toy.Exists) { return $null }
    $key = New-Object PSObject
    Add-Member -InputObject $key -MemberType ScriptMethod -Name Dispose -Value { }
    Add-Member -InputObject $key -MemberType ScriptMethod -Name GetValue -Value { [int]$toy.Leaving }
    return $key
}

function Get-RawValue {
    param($Key, $Name)
    if ($Name -ceq 'ImagePath') { return @{ Kind = 'ExpandString'; Value = $toy.Path } }
    if ($Name -ceq 'Start') { return @{ Kind = 'DWord'; Value = $toyStarts[$toy.Start.Replace('manual', 'demand')] } }
}

function Invoke-SystemProgram {
    # sc.exe by its exit codes.
    param($Name, $Arguments, $TimeoutS)
    return @{ Output = ''; Code = (Get-ToyCode -Arguments $Arguments) }
}

function Get-ToyCode {
    param($Arguments)
    if (-not $toy.Exists) { return 1060 }
    if ($Arguments[0] -ceq 'stop') {
        if ($toy.State -ceq 'Stopped') { return 1062 }
        $toy.State = 'Stopped'
        $toy.Id = 0
        $toy.Exists = -not $toy.Leaving
        return 0
    }
    if ($toy.Leaving) { return 1072 }
    if ($Arguments[0] -ceq 'config') { $toy.Start = $Arguments[3].Replace('demand', 'manual') }
    if ($Arguments[0] -cne 'start') { return 0 }
    if ($toy.State -ceq 'Running') { return 1056 }
    if ($toy.Start -ceq 'disabled') { return 1058 }
    $toy.State = 'Running'
    $toy.Id = 8
    return 0
}
