# Builds native_service.cs with the compiler that Windows brings.
param([Parameter(Mandatory = $true)][string]$Source, [Parameter(Mandatory = $true)][string]$Program)
$ErrorActionPreference = 'Stop'
$references = 'System.ServiceProcess', 'System.Runtime.Serialization', 'System.Xml'
Add-Type -Path $Source -OutputAssembly $Program -OutputType ConsoleApplication -ReferencedAssemblies $references
