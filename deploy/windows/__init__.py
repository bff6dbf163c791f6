"""A Target over WinRM: the host half, facts, connector, operations, preparation."""
