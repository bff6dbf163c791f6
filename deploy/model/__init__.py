"""Frozen types that two or more packages share, one noun a file. Imports nothing of ours."""
