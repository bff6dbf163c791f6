"""Stand-ins for the programs of the trading system: real processes on real ports."""
