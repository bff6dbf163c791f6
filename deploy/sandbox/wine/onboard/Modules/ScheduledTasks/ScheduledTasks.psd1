@{
    RootModule        = 'ScheduledTasks.psm1'
    ModuleVersion     = '1.0'
    GUID              = '6d3c0d43-52f0-4b54-8d5c-2b7f0a0a8d11'
    CompatiblePSEditions = @('Core', 'Desktop')
    FunctionsToExport = @('Get-ScheduledTask', 'Export-ScheduledTask', 'Register-ScheduledTask', 'Enable-ScheduledTask', 'Disable-ScheduledTask', 'Unregister-ScheduledTask', 'Start-ScheduledTask')
    CmdletsToExport   = @()
    AliasesToExport   = @()
}
