"""The host half in Python, over the simulated machine."""
