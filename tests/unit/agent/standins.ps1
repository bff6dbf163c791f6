# What primitives and facts would be, for tests of the core on any system: a toy world of one file per value under <root>/world,
# and world/effects.log, which says what was really done.

function Get-WorldPath {
    param([string]$Root, [string]$Name)
    $folder = [IO.Path]::Combine($Root, 'world')
    [void][IO.Directory]::CreateDirectory($folder)
    return [IO.Path]::Combine($folder, $Name)
}

function Add-Effect {
    param([string]$Root, [string]$Text)
    $line = [Text.Encoding]::ASCII.GetBytes("$Text`n")
    $stream = New-Object System.IO.FileStream((Get-WorldPath -Root $Root -Name 'effects.log'), 'Append', 'Write', 'ReadWrite')
    try { $stream.Write($line, 0, $line.Length); $stream.Flush($true) } finally { $stream.Dispose() }
}

function Get-WorldValue {
    param([string]$Root, [string]$Name)
    $path = Get-WorldPath -Root $Root -Name $Name
    if (-not [IO.File]::Exists($path)) { return $null }
    return [IO.File]::ReadAllText($path)
}

function Set-WorldValue {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Root, [string]$Name, $Value)
    $path = Get-WorldPath -Root $Root -Name $Name
    if ($null -eq $Value) { [IO.File]::Delete($path) } else { Write-AtomicFile -Path $path -Bytes ([Text.Encoding]::UTF8.GetBytes($Value)) }
}

function Get-PrimitiveTable {
    return @{
        'value.set' = @{
            Capture  = { param($Arguments, $Context) @{ previous = (Get-WorldValue -Root $Context.Root -Name $Arguments.name) } }
            Describe = { param($Arguments, $Context) @{ changed = (Get-WorldValue -Root $Context.Root -Name $Arguments.name) -cne $Arguments.value } }
            Do       = {
                param($Arguments, $Context)
                if ($Arguments.hang) {
                    if ($Arguments.child) { Set-WorldValue -Root $Context.Root -Name 'child' -Value ([string][Diagnostics.Process]::Start('sleep', '600').Id) }
                    Add-Effect -Root $Context.Root -Text "hang $($Arguments.name)"
                    [Threading.Thread]::Sleep(600000)
                }
                if ($Arguments.fills) { Set-WorldValue -Root $Context.Root -Name 'disk-full' -Value 'yes' }
                if ((Get-WorldValue -Root $Context.Root -Name $Arguments.name) -ceq $Arguments.value) { return @{ changed = $false } }
                'a stray output'
                Add-Effect -Root $Context.Root -Text "do $($Arguments.name)=$($Arguments.value)"
                Set-WorldValue -Root $Context.Root -Name $Arguments.name -Value $Arguments.value
                if ($Arguments.fail) { throw (New-WireError -Code $Arguments.fail -Message "told to fail with $($Arguments.fail)") }
                @{ changed = $true; detail = @{ was = $Arguments.name } }
            }
            Undo     = {
                param($Arguments, $Undo, $Context)
                if ($null -ne (Get-WorldValue -Root $Context.Root -Name "refuse-undo-$($Arguments.name)")) { throw 'told not to undo' }
                if ($null -ne (Get-WorldValue -Root $Context.Root -Name "hang-undo-$($Arguments.name)")) { [Threading.Thread]::Sleep(600000) }
                Add-Effect -Root $Context.Root -Text "undo $($Arguments.name)"
                Set-WorldValue -Root $Context.Root -Name $Arguments.name -Value $Undo.previous
            }
            Settled  = { param($Arguments, $Context) $null -ne (Get-WorldValue -Root $Context.Root -Name "settled-$($Arguments.name)") }
        }
        'note'      = @{ # without undo
            Describe = { param($Arguments, $Context) @{ changed = $true } }
            Do       = { param($Arguments, $Context) Add-Effect -Root $Context.Root -Text "note $($Arguments.name)"; @{ changed = $true } }
        }
        'file.put'  = @{
            Capture  = { param($Arguments, $Context) $null }
            Describe = { param($Arguments, $Context) @{ changed = $true; detail = @{ size = (New-Object IO.FileInfo((Resolve-DataFile -Context $Context -Reference $Arguments.data))).Length } } }
            Do       = {
                param($Arguments, $Context)
                $digest = Copy-FlushedFile -Source (Resolve-DataFile -Context $Context -Reference $Arguments.data) -Destination $Arguments.path
                @{ changed = $true; detail = @{ sha256 = $digest } }
            }
            Undo     = { param($Arguments, $Undo, $Context) [IO.File]::Delete($Arguments.path) }
        }
    }
}

function Stop-ProcessTree {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([int]$Id, [hashtable]$Platform)
    [Diagnostics.Process]::GetProcessById($Id).Kill($true)
}

function Write-JournalLine {
    # With world/disk-full, half a line finds room until the reserve is given back.
    param([IO.Stream]$Stream, [byte[]]$Line)
    $state = [IO.Path]::GetDirectoryName($Stream.Name)
    $full = [IO.File]::Exists((Get-WorldPath -Root $env:TSDEPLOY_ROOT -Name 'disk-full'))
    $reserves = @(if ($full) { [IO.Directory]::GetFiles($state, 'reserve', 'AllDirectories') })
    if ($reserves.Count -gt 0) {
        $Stream.Write($Line, 0, [int]($Line.Length / 2))
        $Stream.Flush($true)
        throw (New-Object System.IO.IOException('told that the disk is full', -2147024784))
    }
    $Stream.Write($Line, 0, $Line.Length)
    $Stream.Flush($true)
}

function Get-RegistrationState {
    param([string]$Name)
    $value = Get-WorldValue -Root $env:TSDEPLOY_ROOT -Name $Name
    return [ordered]@{ exists = $null -ne $value; image_path = $value }
}

function Get-FactReport {
    param($Arguments, [byte[]]$Key, [hashtable]$Context)
    return [ordered]@{
        host         = @{ ok = $true; value = @{ computer = 'TOY' } }
        key          = if ($null -ne $Key) { [Text.Encoding]::ASCII.GetString($Key) } else { $null }
        lock         = @{ ok = $true; value = (Get-LockFact -Root $Context.Root) }
        transactions = @{ ok = $true; value = (Get-TransactionFact -Root $Context.Root -Platform $Context.Platform) }
        echo         = $Arguments.echo
    }
}

function Test-Probe {
    param($Arguments)
    return [ordered]@{ ok = $true; status = 200; body = $Arguments.kind; error = $null }
}

function Get-UptimeSecond {
    return [Diagnostics.Stopwatch]::GetTimestamp() / [double][Diagnostics.Stopwatch]::Frequency
}

function Get-BootId {
    if ($env:TEST_BOOT) { return $env:TEST_BOOT }
    return 'boot-1'
}

function Enable-SettlingTask { param([string]$Root) Add-TaskLog -Root $Root -Text 'enable' }
function Disable-SettlingTask { param([string]$Root) Add-TaskLog -Root $Root -Text 'disable' }

function Start-SettlingTask {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Root)
    Add-TaskLog -Root $Root -Text 'start'
    if ($env:TEST_TASK_REFUSES) { throw (New-WireError -Code 'access-denied' -Message 'told not to start the task') }
}

function Add-TaskLog {
    param([string]$Root, [string]$Text)
    [IO.File]::AppendAllText((Get-WorldPath -Root $Root -Name 'task.log'), "$Text`n")
}
