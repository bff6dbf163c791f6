"""Arguments → request → exit code. The only place that wires the rest together."""
