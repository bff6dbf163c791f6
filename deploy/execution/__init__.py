"""Carrying out a plan: a pure machine decides, a driver with threads and clock acts on Targets."""
