# What holds in the whole module. Standard output carries frames only, so no stream may write to it.

Set-StrictMode -Version 1.0
$ErrorActionPreference = 'Stop'
$WarningPreference = 'SilentlyContinue'
$VerbosePreference = 'SilentlyContinue'
$DebugPreference = 'SilentlyContinue'
$InformationPreference = 'SilentlyContinue'
$ProgressPreference = 'SilentlyContinue'
# Windows PowerShell 5.1 gives lists an extra property, which its JSON would show
if ($null -ne (Get-Command -Name Remove-TypeData -ErrorAction SilentlyContinue)) {
    Remove-TypeData -TypeName System.Array -ErrorAction SilentlyContinue
}
