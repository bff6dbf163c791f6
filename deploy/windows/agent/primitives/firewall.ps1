# firewall.ensure: inbound TCP allow rules. Changed by Windows' cmdlets, read from where they keep them: three cmdlets a rule take
# a second, and an error of theirs looks like absence.

$script:FirewallKey = 'SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules'
$script:FirewallGroup = 'TradingSystem'

function Get-FirewallPrimitive {
    return @{
        'firewall.ensure' = @{
            Describe = { param($Arguments, $Context) Get-FirewallChange -Arguments $Arguments }
            Do       = {
                param($Arguments, $Context)
                $change = Get-FirewallChange -Arguments $Arguments
                if ($change.changed) { Set-FirewallRule -Arguments $Arguments }
                $change
            }
        }
    }
}

function Get-FirewallText {
    # The rule as the registry writes it, or $null.
    param([string]$Name)
    if (-not (Test-OnWindows)) { throw (New-WireError -Code 'unsupported' -Message 'this system has no Windows firewall') }
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($script:FirewallKey)
    if ($null -eq $key) { return $null }
    try { return $key.GetValue($Name) } finally { $key.Dispose() }
}

function ConvertFrom-FirewallText {
    # A rule in the format of [MS-GPFAS] 2.2.2.19 as its fields; addresses as they were given to New-NetFirewallRule.
    param([string]$Text)
    $fields = @{ Remote = New-Object System.Collections.ArrayList }
    foreach ($part in $Text.Split('|')) {
        $pair = $part.Split([char[]]'=', 2)
        if ($pair.Count -lt 2) { continue }
        if ($pair[0] -cmatch '^RA[46]$') {
            $address = ConvertTo-FirewallAddress -Text $pair[1]
            if ($fields.Remote -notcontains $address) { [void]$fields.Remote.Add($address) }
        } else { $fields[$pair[0]] = $pair[1] }
    }
    return [ordered]@{
        port         = if ($fields.LPort -cmatch '^[0-9]+$') { [int]$fields.LPort } else { 0 }
        remote       = if ($fields.Remote.Count -gt 0) { $fields.Remote -join ',' } else { 'Any' }
        enabled      = $fields.Active -ceq 'TRUE' -and $fields.Action -ceq 'Allow' -and $fields.Dir -ceq 'In' -and $fields.Protocol -ceq '6'
        display_name = [string]$fields.Name
    }
}

function ConvertTo-FirewallAddress {
    # 10.0.0.0/255.255.255.0 as 10.0.0.0/24; anything else as it is.
    param([string]$Text)
    if ($Text -cnotmatch '^([0-9.]+)/(\d+\.\d+\.\d+\.\d+)$') { return $Text }
    $address = $Matches[1]
    $bits = 0
    foreach ($part in $Matches[2].Split('.')) { $bits += [Convert]::ToString([int]$part, 2).Replace('0', '').Length }
    if ($bits -eq 32) { return $address }
    return "$address/$bits"
}

function Get-FirewallRuleFact {
    # The rule of a name: @{ exists; port; remote; enabled; display_name }.
    param([string]$Name)
    $text = Get-FirewallText -Name $Name
    if ($null -eq $text) { return [ordered]@{ exists = $false; port = 0; remote = ''; enabled = $false; display_name = '' } }
    $fact = ConvertFrom-FirewallText -Text $text
    $fact.exists = $true
    return $fact
}

function Get-RemoteText {
    # Addresses in an order and case of their own, to be compared.
    param([string]$Remote)
    return (@($Remote.Split(',') | ForEach-Object { $_.Trim().ToLowerInvariant() -creplace '/32$', '' } | Sort-Object -Unique) -join ',')
}

function Get-FirewallDifference {
    # Names of the fields in which a rule isn't as wanted.
    param($Found, $Arguments)
    if (-not $Found.exists) { return , @('display_name', 'enabled', 'port', 'remote') }
    $fields = @(
        if ($Found.display_name -cne $Arguments.display_name) { 'display_name' }
        if (-not $Found.enabled) { 'enabled' }
        if ($Found.port -ne $Arguments.port) { 'port' }
        if ((Get-RemoteText -Remote $Found.remote) -cne (Get-RemoteText -Remote $Arguments.remote)) { 'remote' }
    )
    return , $fields
}

function Get-FirewallChange {
    param($Arguments)
    Assert-Argument -Verb 'firewall.ensure' -Arguments $Arguments -Required 'name', 'display_name', 'port', 'remote', 'present'
    $found = Get-FirewallRuleFact -Name $Arguments.name
    if (-not $Arguments.present) {
        if ($found.exists) { return (New-Change -Changed $true -Detail @{ removed = $true }) }
        return (New-Change -Changed $false)
    }
    $fields = Get-FirewallDifference -Found $found -Arguments $Arguments
    if ($fields.Count -eq 0) { return (New-Change -Changed $false) }
    return (New-Change -Changed $true -Detail @{ fields = $fields })
}

function Set-FirewallRule {
    # Made anew when it differs: the fields of a rule lie in several filters, and a half-changed one would let the wrong ones in.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param($Arguments)
    Assert-WindowsCommand -Name 'New-NetFirewallRule'
    if ((Get-FirewallRuleFact -Name $Arguments.name).exists) { Remove-NetFirewallRule -Name $Arguments.name }
    if (-not $Arguments.present) { return }
    $remote = @($Arguments.remote.Split(',') | ForEach-Object { $_.Trim() })
    [void](New-NetFirewallRule -Name $Arguments.name -DisplayName $Arguments.display_name -Group $script:FirewallGroup -Direction Inbound -Protocol TCP -LocalPort $Arguments.port -RemoteAddress $remote -Profile Any -Action Allow -Enabled True)
    $left = Get-FirewallDifference -Found (Get-FirewallRuleFact -Name $Arguments.name) -Arguments $Arguments
    if ($left.Count -gt 0) { throw (New-WireError -Code 'unexpected-state' -Message "firewall rule $($Arguments.name) did not take $($left -join ', ')" -Expected $left) }
}

function Assert-WindowsCommand {
    # Raises unsupported where Windows' module with this command isn't.
    param([string]$Name)
    if ($null -ne (Get-Command -Name $Name -ErrorAction SilentlyContinue)) { return }
    throw (New-WireError -Code 'unsupported' -Message "this host has no command $Name")
}
