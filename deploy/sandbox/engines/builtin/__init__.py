"""The host half of docs/protocol.md in Python, over a simulated machine: no dependency, the default everywhere."""
