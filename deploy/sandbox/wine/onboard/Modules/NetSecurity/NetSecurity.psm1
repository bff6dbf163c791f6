# Wine has no firewall. Rules are kept where Windows keeps them and in its format ([MS-GPFAS] 2.2.2.19); nothing filters by them.

$script:RulesKey = 'SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules'

function Get-AddressField {
    # An address as a rule has it: RA4 for IPv4, a subnet with its mask; nothing for Any.
    param([string]$Address)
    if ($Address -eq 'Any') { return '' }
    if ($Address.Contains(':')) { return "RA6=$Address|" }
    if ($Address -cnotmatch '^([0-9.]+)/([0-9]{1,2})$') { return "RA4=$Address|" }
    $mask = [uint32]([uint64]4294967295 - ([uint64][Math]::Pow(2, 32 - [int]$Matches[2]) - 1))
    $bytes = [BitConverter]::GetBytes($mask)
    return "RA4=$($Matches[1])/$($bytes[3]).$($bytes[2]).$($bytes[1]).$($bytes[0])|"
}

function New-NetFirewallRule {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true)][string]$Name, [Parameter(Mandatory = $true)][string]$DisplayName, [string]$Group,
        [ValidateSet('Inbound')][string]$Direction = 'Inbound', [ValidateSet('TCP')][string]$Protocol = 'TCP',
        [Parameter(Mandatory = $true)][int]$LocalPort, [string[]]$RemoteAddress = 'Any', [ValidateSet('Any')][string]$Profile = 'Any', # lint:ignore AssignAutomatic
        [ValidateSet('Allow')][string]$Action = 'Allow', [ValidateSet('True', 'False')][string]$Enabled = 'True'
    )
    $key = [Microsoft.Win32.Registry]::LocalMachine.CreateSubKey($script:RulesKey)
    try {
        if ($null -ne $key.GetValue($Name)) { throw 'Cannot create a file when that file already exists.' }
        $remote = @($RemoteAddress | ForEach-Object { Get-AddressField -Address $_ }) -join ''
        $text = "v2.30|Action=$Action|Active=$($Enabled.ToUpperInvariant())|Dir=In|Protocol=6|LPort=$LocalPort|${remote}Name=$DisplayName|EmbedCtxt=$Group|"
        if ($PSCmdlet.ShouldProcess($Name)) { $key.SetValue($Name, $text) }
    } finally { $key.Dispose() }
}

function Remove-NetFirewallRule {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([Parameter(Mandatory = $true)][string]$Name)
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($script:RulesKey, $true)
    try {
        if ($null -eq $key -or $null -eq $key.GetValue($Name)) { throw "No MSFT_NetFirewallRule objects found with property 'InstanceID' equal to '$Name'." }
        if ($PSCmdlet.ShouldProcess($Name)) { $key.DeleteValue($Name) }
    } finally { if ($null -ne $key) { $key.Dispose() } }
}

Export-ModuleMember -Function New-NetFirewallRule, Remove-NetFirewallRule
