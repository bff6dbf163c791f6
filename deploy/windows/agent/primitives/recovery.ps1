# Recovery actions: bytes in the registry, which sc.exe sets and the service control manager reads.

$script:ActionNames = @{ 1 = 'restart'; 2 = 'reboot'; 3 = 'run' }

function ConvertTo-FailureArgument {
    # The arguments of `sc.exe failure` for the bytes of FailureActions, or $null for what it can't say.
    param([byte[]]$Bytes)
    if ($null -eq $Bytes -or $Bytes.Length -lt 20) { return $null }
    $count = [BitConverter]::ToUInt32($Bytes, 12)
    if ($count -eq 0 -or $Bytes.Length -ne 20 + 8 * $count) { return $null }
    $actions = for ($at = 0; $at -lt $count; $at++) {
        $type = [int][BitConverter]::ToUInt32($Bytes, 20 + 8 * $at)
        if (-not $script:ActionNames.ContainsKey($type)) { return $null }
        "$($script:ActionNames[$type])/$([BitConverter]::ToUInt32($Bytes, 24 + 8 * $at))"
    }
    $reset = [BitConverter]::ToUInt32($Bytes, 0)
    $resetText = if ($reset -eq [uint32]::MaxValue) { 'INFINITE' } else { "$reset" }
    return 'reset=', $resetText, 'actions=', ($actions -join '/')
}

function Set-FailureAction {
    # Sets the bytes so that the service control manager knows them, and makes sure that they are what the registry has.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Name, [byte[]]$Bytes)
    $arguments = ConvertTo-FailureArgument -Bytes $Bytes
    if ($null -eq $arguments) { $arguments = 'reset=', '0', 'actions=', '' }
    Invoke-ServiceControl -Arguments (@('failure', $Name) + $arguments)
    $found = (Get-ServiceRegistration -Name $Name).failure_actions
    if ($found -cne (Get-FailureText -Bytes $Bytes)) { Set-ServiceValue -Name $Name -Value 'FailureActions' -Kind 'Binary' -Content $Bytes }
}
