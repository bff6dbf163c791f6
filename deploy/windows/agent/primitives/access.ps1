# Access lists as the protocol writes them, by SID: names differ between languages. Elsewhere than on Windows there are none.

$script:SystemSid = 'S-1-5-18'
$script:AdministratorsSid = 'S-1-5-32-544'
$script:MaxAccount = 256
$script:AccessRights = @{ full = 'FullControl'; modify = 'Modify'; read = 'ReadAndExecute' }

function Get-ServiceSid {
    # SID of NT SERVICE\<name>: made from the name as Windows makes it, so that it needs no registration.
    param([string]$Name)
    $sha1 = [Security.Cryptography.SHA1]::Create()
    try { $digest = $sha1.ComputeHash([Text.Encoding]::Unicode.GetBytes($Name.ToUpperInvariant())) } finally { $sha1.Dispose() }
    $parts = for ($at = 0; $at -lt 20; $at += 4) { [BitConverter]::ToUInt32($digest, $at) }
    return "S-1-5-80-$($parts -join '-')"
}

function Resolve-AccountSid {
    # The SID of an account's name, as text; raises missing.
    param([string]$Account)
    if ($Account -match '^NT SERVICE\\(.+)$' -and $Matches[1] -ne 'ALL SERVICES') { return (Get-ServiceSid -Name $Matches[1]) }
    try {
        return (New-Object System.Security.Principal.NTAccount($Account)).Translate([Security.Principal.SecurityIdentifier]).Value
    } catch {
        throw (New-WireError -Code 'missing' -Message "no account '$Account' is known on this host")
    }
}

function Test-SidText {
    # Whether a text is a SID: its constructor need not be asked with anything else.
    param([string]$Text)
    if ($Text -cnotmatch '^S-1-[0-9]{1,14}((?:-[0-9]{1,10}){1,15})$') { return $false }
    $number = [uint32]0
    return @($Matches[1].Substring(1).Split('-') | Where-Object { -not [uint32]::TryParse($_, [ref]$number) }).Count -eq 0
}

function Assert-Access {
    # Raises bad-request for an `acl` argument of another form.
    param($Acl)
    if ($null -eq $Acl) { return }
    if ($Acl.inherit -isnot [bool]) { throw (New-WireError -Code 'bad-request' -Message 'acl: expected {inherit, grants}') }
    foreach ($grant in @($Acl.grants)) {
        $named = if ($grant.sid) { Test-SidText -Text $grant.sid } else { ([string]$grant.account).Length -in 1..$script:MaxAccount }
        if (-not $named -or -not $grant.rights -or -not $script:AccessRights.ContainsKey([string]$grant.rights)) {
            throw (New-WireError -Code 'bad-request' -Message 'acl: a grant names no SID or account, or no rights' -Expected @($script:AccessRights.Keys))
        }
    }
}

function Get-SecretAccess {
    # SYSTEM and administrators, and the service's own SID reads.
    param([string]$Service)
    return [PSCustomObject]@{
        inherit = $false
        grants  = @(
            [PSCustomObject]@{ sid = $script:SystemSid; rights = 'full' }
            [PSCustomObject]@{ sid = $script:AdministratorsSid; rights = 'full' }
            [PSCustomObject]@{ account = "NT SERVICE\$Service"; rights = 'read' }
        )
    }
}

function ConvertTo-Security {
    # An `acl` argument as the security of a folder or a file.
    param($Acl, [bool]$IsFolder)
    $security = if ($IsFolder) { New-Object System.Security.AccessControl.DirectorySecurity } else { New-Object System.Security.AccessControl.FileSecurity }
    $security.SetAccessRuleProtection(-not $Acl.inherit, $false)
    $spread = if ($IsFolder) { 'ContainerInherit, ObjectInherit' } else { 'None' }
    foreach ($grant in @($Acl.grants)) {
        $text = if ($grant.sid) { [string]$grant.sid } else { Resolve-AccountSid -Account $grant.account }
        $sid = New-Object System.Security.Principal.SecurityIdentifier($text)
        $security.AddAccessRule((New-Object System.Security.AccessControl.FileSystemAccessRule($sid, $script:AccessRights[[string]$grant.rights], $spread, 'None', 'Allow')))
    }
    return $security
}

function Get-Security {
    # The security of a file or folder: its access list.
    param([string]$Path)
    $extensions = 'System.IO.FileSystemAclExtensions' -as [type]
    $item = if ([IO.Directory]::Exists($Path)) { New-Object System.IO.DirectoryInfo($Path) } else { New-Object System.IO.FileInfo($Path) }
    if ($null -ne $extensions) { return $extensions::GetAccessControl($item, 'Access') }
    return $item.GetAccessControl('Access')
}

function Set-Security {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Path, $Security)
    $extensions = 'System.IO.FileSystemAclExtensions' -as [type]
    $item = if ([IO.Directory]::Exists($Path)) { New-Object System.IO.DirectoryInfo($Path) } else { New-Object System.IO.FileInfo($Path) }
    if ($null -ne $extensions) { $extensions::SetAccessControl($item, $Security) } else { $item.SetAccessControl($Security) }
}

function Set-Access {
    # Gives a file or folder the access list of an `acl` argument; $null leaves it alone.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Path, $Acl)
    if ($null -eq $Acl -or -not (Test-OnWindows)) { return }
    $security = ConvertTo-Security -Acl $Acl -IsFolder ([IO.Directory]::Exists($Path))
    # An owner may always change the list, and whoever made a folder below C:\ owns it
    if (-not $Acl.inherit) { $security.SetOwner((New-Object System.Security.Principal.SecurityIdentifier($script:AdministratorsSid))) }
    Set-Security -Path $Path -Security $security
}

function Get-RuleText {
    # The rules of a security's own, as sorted text to be compared.
    param($Security)
    $rules = $Security.GetAccessRules($true, $false, [Security.Principal.SecurityIdentifier])
    $texts = @($rules | ForEach-Object { "$($_.IdentityReference.Value) $([int]$_.FileSystemRights) $($_.InheritanceFlags) $($_.PropagationFlags) $($_.AccessControlType)" })
    return (@($texts | Sort-Object -Unique) -join "`n")
}

function Test-AccessDiffers {
    # Whether a path's access list is another one than an `acl` argument; without a wish it never is.
    param([string]$Path, $Acl)
    if ($null -eq $Acl -or -not (Test-OnWindows)) { return $false }
    $security = Get-Security -Path $Path
    if ($security.AreAccessRulesProtected -eq [bool]$Acl.inherit) { return $true }
    $wanted = ConvertTo-Security -Acl $Acl -IsFolder ([IO.Directory]::Exists($Path))
    return (Get-RuleText -Security $security) -cne (Get-RuleText -Security $wanted)
}

function Get-AccessText {
    # The access list as SDDL, for an undo; $null elsewhere than on Windows.
    param([string]$Path)
    if (-not (Test-OnWindows)) { return $null }
    return [string](Get-Security -Path $Path).GetSecurityDescriptorSddlForm('Access')
}

function Set-AccessText {
    # Puts back what Get-AccessText gave.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    param([string]$Path, [string]$Text)
    if (-not $Text -or -not (Test-OnWindows)) { return }
    $security = if ([IO.Directory]::Exists($Path)) { New-Object System.Security.AccessControl.DirectorySecurity } else { New-Object System.Security.AccessControl.FileSecurity }
    $security.SetSecurityDescriptorSddlForm($Text, 'Access')
    Set-Security -Path $Path -Security $security
}

function Test-Trusted {
    # Whether a path inherits nothing and nobody but SYSTEM, administrators and a service can reach it. Service '': any service,
    # with any rights.
    param([string]$Path, [string]$Service = '')
    if (-not (Test-OnWindows)) { return $false }
    $security = Get-Security -Path $Path
    if (-not $security.AreAccessRulesProtected) { return $false }
    $own = if ($Service) { Get-ServiceSid -Name $Service } else { '' }
    $reading = [int][Security.AccessControl.FileSystemRights]'ReadAndExecute, Synchronize'
    foreach ($rule in $security.GetAccessRules($true, $true, [Security.Principal.SecurityIdentifier])) {
        if ("$($rule.AccessControlType)" -cne 'Allow') { continue }
        $sid = $rule.IdentityReference.Value
        if ($sid -ceq $script:SystemSid -or $sid -ceq $script:AdministratorsSid) { continue }
        if (-not $Service -and $sid -clike 'S-1-5-80-*') { continue }
        if ($sid -cne $own -or ([int]$rule.FileSystemRights -bor $reading) -ne $reading) { return $false }
    }
    return $true
}
