"""How a host fails within pyinfra."""

from deploy.model.problem import Problem


class FactsFailed(Exception):  # noqa: N818  # the event's name
    """The host could not be asked: nothing may be decided about it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class HostFailed(OSError):  # noqa: N818  # the event's name
    """What pyinfra understands as a failure of one host."""
