"""Why there is no figure."""


class NotMeasured(Exception):  # noqa: N818  # the event's name
    """Something failed that is no matter of speed; the message says what."""
