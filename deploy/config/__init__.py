"""Settings, inventory, catalogue: read once, refused with file and key when wrong."""
