"""Simulated Windows hosts: an independent witness, so it imports nothing of ours but deploy.wire."""
