"""Pure: what a plan is made of. No clock, no network, no files."""
