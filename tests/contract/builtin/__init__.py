"""Parts of the built-in engine by themselves: decisions, parsing, time."""
