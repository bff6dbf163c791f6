"""Machines that are Wine prefixes: real PowerShell, service control manager, registry and Windows programs."""
