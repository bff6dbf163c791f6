"""Hosts that are Wine machines: real PowerShell, real services."""
