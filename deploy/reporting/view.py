"""What shows the events of a run to somebody; one method, so that a test can be one too."""

from typing import Protocol

from deploy.model.run import Event


class View(Protocol):
    """Called from several threads, one at a time."""

    def show(self, event: Event) -> None:
        """Shows one event."""

    def close(self) -> None:
        """Nothing more comes."""
