# Runs a worker of a module under test over standard input and output.
param([string]$Module, [string]$Root, [string]$Agent, [double]$SilenceS = 60, [string]$KillAt = '')

$loaded = Import-Module -Name $Module -PassThru -DisableNameChecking
$in = New-Object System.IO.BufferedStream([Console]::OpenStandardInput(), 65536)
$code = & $loaded {
    param($In, $Root, $Agent, $SilenceS, $KillAt)
    $platform = New-Platform
    $platform.OnCheckpoint = { param($name) if ($name -ceq $env:TEST_SLOW_AT) { [Threading.Thread]::Sleep(5000) }; if ($name -ceq $KillAt) { [Diagnostics.Process]::GetCurrentProcess().Kill(); [Threading.Thread]::Sleep(60000) } }
    Start-Worker -InputStream $In -OutputStream ([Console]::OpenStandardOutput()) -Root $Root -Agent $Agent -SilenceS $SilenceS -Platform $platform
} $in $Root $Agent $SilenceS $KillAt
exit $code
