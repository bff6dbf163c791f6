"""The checks of a deployed environment; run after each deploy and by `invoke verify`."""
