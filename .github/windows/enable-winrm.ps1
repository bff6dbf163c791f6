# Makes this computer a host that can be deployed to: WinRM over HTTPS on localhost, and an account that may deploy.
# Nothing trusts its certificate but who is handed CertificateFile; the password leaves this process as PasswordFile only.
param(
    [Parameter(Mandatory = $true)][string]$User,
    [Parameter(Mandatory = $true)][string]$PasswordFile,
    [Parameter(Mandatory = $true)][string]$CertificateFile
)
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

function Get-RandomText {
    $bytes = New-Object byte[] 24
    $source = [Security.Cryptography.RandomNumberGenerator]::Create()
    $source.GetBytes($bytes)
    $source.Dispose()
    # The end satisfies the rule that asks for every kind of sign.
    return [Convert]::ToBase64String($bytes) + 'aA1!'
}

function ConvertTo-Protected {
    param([string]$Text)
    $protected = New-Object Security.SecureString
    foreach ($sign in $Text.ToCharArray()) { $protected.AppendChar($sign) }
    return $protected
}

function Add-Deployer {
    param([string]$Name, [Security.SecureString]$Password)
    [void](New-LocalUser -Name $Name -Password $Password -AccountNeverExpires -PasswordNeverExpires)
    Add-LocalGroupMember -SID 'S-1-5-32-544' -Member $Name
    # Otherwise a local account is no administrator when it comes over the network.
    $policies = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System'
    Set-ItemProperty -Path $policies -Name LocalAccountTokenFilterPolicy -Value 1 -Type DWord
}

function Add-HttpsListener {
    param([string]$CertificateFile)
    Set-Service -Name WinRM -StartupType Automatic
    Start-Service -Name WinRM
    $made = New-SelfSignedCertificate -DnsName 'localhost' -CertStoreLocation 'Cert:\LocalMachine\My' -NotAfter ([DateTime]::Now.AddDays(2))
    Get-ChildItem -Path 'WSMan:\localhost\Listener' | Where-Object { $_.Keys -contains 'Transport=HTTPS' } | Remove-Item -Recurse -Force
    [void](New-Item -Path 'WSMan:\localhost\Listener' -Transport HTTPS -Address '*' -CertificateThumbPrint $made.Thumbprint -Force)
    $base64 = [Convert]::ToBase64String($made.RawData, [Base64FormattingOptions]::InsertLineBreaks)
    [IO.File]::WriteAllText($CertificateFile, "-----BEGIN CERTIFICATE-----`r`n$base64`r`n-----END CERTIFICATE-----`r`n")
}

$text = Get-RandomText
# To the runner, which then hides it in all logs.
[Console]::Out.WriteLine("::add-mask::$text")
[IO.File]::WriteAllText($PasswordFile, $text)
Add-Deployer -Name $User -Password (ConvertTo-Protected -Text $text)
Add-HttpsListener -CertificateFile $CertificateFile
