# Runs the executor of a module under test; KillAt names a checkpoint at which the process ends itself without any clean-up.
param([string]$Module, [string]$Root, [string]$Agent, [string]$KillAt = '')

$loaded = Import-Module -Name $Module -PassThru -DisableNameChecking
& $loaded {
    param($Root, $Agent, $KillAt)
    $platform = New-Platform
    $platform.OnCheckpoint = { param($name) if ($name -ceq $env:TEST_SLOW_AT) { [Threading.Thread]::Sleep(5000) }; if ($name -ceq $KillAt) { [Diagnostics.Process]::GetCurrentProcess().Kill(); [Threading.Thread]::Sleep(60000) } }
    Start-Executor -Root $Root -Agent $Agent -Platform $platform
} $Root $Agent $KillAt
