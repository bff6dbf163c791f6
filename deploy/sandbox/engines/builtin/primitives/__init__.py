"""The primitive verbs of docs/protocol.md, each with its check, act, capture, undo and settled."""
