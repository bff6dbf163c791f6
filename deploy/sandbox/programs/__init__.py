"""The command processor of a simulated host, and the Windows programs that it knows."""
