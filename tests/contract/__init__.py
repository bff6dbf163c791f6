"""What any host half must do, whatever it is made of (docs/protocol.md)."""
