"""The fleet: one daemon that holds all simulated hosts of an environment, and how to speak to it."""
