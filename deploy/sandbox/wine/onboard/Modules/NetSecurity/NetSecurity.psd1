@{
    RootModule        = 'NetSecurity.psm1'
    ModuleVersion     = '1.0'
    GUID              = '0e9f8a02-3a0b-4a86-9b0f-5a4b1f3c6e22'
    CompatiblePSEditions = @('Core', 'Desktop')
    FunctionsToExport = @('New-NetFirewallRule', 'Remove-NetFirewallRule')
    CmdletsToExport   = @()
    AliasesToExport   = @()
}
