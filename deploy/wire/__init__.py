"""What controller and host half agree on: frames, verbs, the journal's format, error codes (docs/protocol.md).

The only package that the sandbox may import: standard library only, no state, no input or output.
"""
