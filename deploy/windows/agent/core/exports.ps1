# The last part of the module: all else stays inside.

Export-ModuleMember -Function @(
    'Start-Worker', 'Start-Executor'
    'Get-OpenTransaction', 'Get-TransactionRecord', 'Get-RunLock', 'Invoke-Settling', 'Close-UnreadableTransaction'
)
