"""Events of a run made visible: terminal, lines, JSON, report."""
