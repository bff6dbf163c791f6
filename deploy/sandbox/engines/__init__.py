"""What answers when a command of a simulated host starts PowerShell."""
