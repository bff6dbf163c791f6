"""The facts: one request returns everything that a plan needs, section by section."""
