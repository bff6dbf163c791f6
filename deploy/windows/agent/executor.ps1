# Started by the task \TradingSystem\Settle: checks the module, imports it from its file and settles what is open.
param([Parameter(Mandatory = $true)][string]$Agent)

$ErrorActionPreference = 'Stop'
$WarningPreference = 'SilentlyContinue'
$ProgressPreference = 'SilentlyContinue'
$folder = $PSScriptRoot
$root = [IO.Path]::GetDirectoryName([IO.Path]::GetDirectoryName($folder))
$path = [IO.Path]::Combine($folder, "$Agent.psm1")
# Nobody can write the file while it is held open like this
$file = [IO.File]::Open($path, 'Open', 'Read', 'Read')
try {
    $hash = [Security.Cryptography.SHA256]::Create()
    $digest = [BitConverter]::ToString($hash.ComputeHash($file)).Replace('-', '').ToLowerInvariant()
    if ($digest -cne $Agent) { throw "$path is not the module that the task names" }
    Import-Module -Name $path -DisableNameChecking
} finally { $file.Dispose() }
Start-Executor -Root $root -Agent $Agent
