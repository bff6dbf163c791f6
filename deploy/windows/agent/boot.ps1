# The constant bootstrap of a worker (docs/protocol.md, section 1). No data in it: what varies is in three environment variables.
$ErrorActionPreference = 'Stop'
$WarningPreference = 'SilentlyContinue'
$ProgressPreference = 'SilentlyContinue'

# Constrained language forbids methods, so the refusal comes before the first of them, and its checksum is a constant.
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    $text = '{"event":"refused","error":{"code":"unsupported","message":"PowerShell is in constrained language mode here","expected":"FullLanguage"}}'
    Write-Host -NoNewline "TSD1 E 0 136 bcd2c8c5`n$text`n"
    exit 2
}

$root = $env:TSDEPLOY_ROOT
$agent = $env:TSDEPLOY_AGENT
$in = New-Object System.IO.BufferedStream([Console]::OpenStandardInput(), 65536)
$out = [Console]::OpenStandardOutput()

function Send-Event([string]$Json) {
    $bytes = [Text.Encoding]::ASCII.GetBytes($Json)
    $sink = New-Object System.IO.MemoryStream
    $gzip = New-Object System.IO.Compression.GZipStream($sink, [IO.Compression.CompressionLevel]::NoCompression, $true)
    $gzip.Write($bytes, 0, $bytes.Length)
    $gzip.Dispose()
    $sum = [BitConverter]::ToUInt32($sink.ToArray(), [int]$sink.Length - 8).ToString('x8')
    $frame = [Text.Encoding]::ASCII.GetBytes("TSD1 E 0 $($bytes.Length) $sum`n$Json`n")
    $out.Write($frame, 0, $frame.Length)
    $out.Flush()
}

function Exit-Refused([string]$Code, [string]$Message) {
    $text = $Message -replace '[^ -~]', '?' -replace '["\\]', "'"
    Send-Event "{`"event`":`"refused`",`"error`":{`"code`":`"$Code`",`"message`":`"$text`"}}"
    exit 2
}

function Read-Block([byte[]]$Buffer, [int]$Count) {
    for ($at = 0; $at -lt $Count; $at += $got) {
        $got = $in.Read($Buffer, $at, $Count - $at)
        if ($got -le 0) { exit 0 }
    }
}

# The payload's size of the next data frame; its checksum isn't needed, the whole module's digest is checked.
function Read-DataHeader {
    $header = ''
    while (($byte = $in.ReadByte()) -ne 10) {
        if ($byte -lt 0) { exit 0 }
        $header += [char]$byte
        if ($header.Length -gt 64) { exit 3 }
    }
    if ($header -cnotmatch '^TSD1 D 0 ([0-9]{1,7}) [0-9a-f]{8}$') { exit 3 }
    return [int]$Matches[1]
}

function Receive-Agent([string]$Path) {
    $memory = New-Object System.IO.MemoryStream
    while (($size = Read-DataHeader) -gt 0) {
        $payload = New-Object byte[] ($size + 1)
        Read-Block $payload ($size + 1)
        $memory.Write($payload, 0, $size)
    }
    Read-Block (New-Object byte[] 1) 1
    $hash = [Security.Cryptography.SHA256]::Create()
    $digest = [BitConverter]::ToString($hash.ComputeHash($memory.ToArray())).Replace('-', '').ToLowerInvariant()
    if ($digest -cne $agent) { Exit-Refused 'checksum' 'the module that arrived is not the one that was announced' }
    $beside = "$Path.tmp-$PID"
    $file = [IO.File]::Create($beside)
    try { $file.Write($memory.GetBuffer(), 0, [int]$memory.Length); $file.Flush($true) } finally { $file.Dispose() }
    if ([IO.File]::Exists($Path)) { [IO.File]::Delete($Path) }
    [IO.File]::Move($beside, $Path)
}

# Administrators and SYSTEM only, before anything is in the folder
function Protect-Folder([string]$Path) {
    [void][IO.Directory]::CreateDirectory($Path)
    if ([Environment]::OSVersion.Platform -ne 'Win32NT') { return }
    $security = New-Object System.Security.AccessControl.DirectorySecurity
    $security.SetSecurityDescriptorSddlForm('O:BAG:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)')
    $folder = New-Object System.IO.DirectoryInfo($Path)
    $extensions = 'System.IO.FileSystemAclExtensions' -as [type]
    if ($null -ne $extensions) { $extensions::SetAccessControl($folder, $security) } else { $folder.SetAccessControl($security) }
}

# Opens the module so that nobody can write it while it is checked and imported; $null: not there, or another one
function Open-Agent([string]$Path) {
    if (-not [IO.File]::Exists($Path)) { return $null }
    $file = [IO.File]::Open($Path, 'Open', 'Read', 'Read')
    $hash = [Security.Cryptography.SHA256]::Create()
    if ([BitConverter]::ToString($hash.ComputeHash($file)).Replace('-', '').ToLowerInvariant() -ceq $agent) { return $file }
    $file.Dispose()
    return $null
}

try {
    if ($agent -cnotmatch '^[0-9a-f]{64}$' -or -not $root) { Exit-Refused 'bad-request' 'TSDEPLOY_AGENT or TSDEPLOY_ROOT is missing' }
    $version = $PSVersionTable.PSVersion
    if ($version -lt [version]'5.1' -or ($version -ge [version]'6.0' -and $version -lt [version]'7.5')) {
        Exit-Refused 'unsupported' "PowerShell $version; needed is 5.1, or 7.5 and later"
    }
    if ([Environment]::OSVersion.Platform -eq 'Win32NT') {
        $me = New-Object Security.Principal.WindowsPrincipal([Security.Principal.WindowsIdentity]::GetCurrent())
        if (-not $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
            Exit-Refused 'access-denied' 'the account is no administrator here, or not elevated'
        }
    }
    $folder = [IO.Path]::Combine($root, 'infrastructure', 'agent')
    $path = [IO.Path]::Combine($folder, "$agent.psm1")
    $held = Open-Agent $path
    if ($null -eq $held) {
        Protect-Folder $folder
        Send-Event '{"event":"need-agent"}'
        Receive-Agent $path
        $held = Open-Agent $path
        if ($null -eq $held) { Exit-Refused 'checksum' "$path is not what was just written" }
    }
    Import-Module -Name $path -DisableNameChecking
    $held.Dispose()
} catch {
    Exit-Refused 'internal' "the worker could not start: $($_.Exception.Message)"
}
exit (Start-Worker -InputStream $in -OutputStream $out -Root $root -Agent $agent)
