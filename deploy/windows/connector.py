"""pyinfra's way to a Windows host: `@tswinrm/NAME` in an inventory."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import ConnectError
from pyinfra.connectors.base import BaseConnector
from pyinfra.connectors.util import CommandOutput

from deploy.execution.target import TargetLost, TargetRefused
from deploy.model.facts import HostFacts, Snapshot, Unknown
from deploy.model.problem import Problem, UsageError
from deploy.model.step import Step
from deploy.planning.facts_request import facts_args
from deploy.windows import lent
from deploy.windows.agent_bundle import bundle
from deploy.windows.commands import SnapshotCommand, json_line, output
from deploy.windows.failures import FactsFailed, HostFailed
from deploy.windows.files import FileOrName, content_of, put_step, write_to
from deploy.windows.host_access import HostAccess
from deploy.windows.login import META, ConnectorData, endpoint_of
from deploy.windows.offload import offload
from deploy.windows.orders import KEY, Orders
from deploy.windows.own_run import OwnRun
from deploy.windows.shellout import run_plain
from deploy.windows.target import WindowsTarget
from deploy.winrm.errors import WinrmTimeout
from deploy.wire.bootstrap import DEFAULT_ROOT

T = TypeVar("T")
MOST_BYTES = 256 * 1024 * 1024


class WindowsConnector(BaseConnector):
    """One host of a pyinfra state. Uses the run's target when one is lent, else one of its own."""

    handles_execution = True
    data_cls = ConnectorData
    data_meta = META

    target: WindowsTarget
    _own = False
    _root = DEFAULT_ROOT
    _decided_from: Snapshot | None = None
    problem: Problem | None = None

    @staticmethod
    def make_names_data(name: str) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
        """The host's name stays what the inventory calls it."""
        yield name, {}, []

    def connect(self) -> None:
        """Starts the worker unless a run has lent its own."""
        self.results: dict[str, bool] = {}
        self._decided_from = None
        self._own_run = OwnRun()
        found = lent.find(self.host.name)
        self._own = found is None
        try:
            self.target = found or self._make_target()
            offload(self.target.open)
        except UsageError as exc:
            self.problem = exc.problems[0]
            raise ConnectError(str(exc)) from exc
        except (TargetLost, TargetRefused) as exc:
            self.problem = exc.problem
            raise ConnectError(str(exc)) from exc

    def disconnect(self) -> None:
        """Gives the lock back if this connector took it, and ends its own worker. Never raises."""
        if self._own:
            offload(self._own_run.end)
            offload(self.target.close)

    def run_shell_command(
        self,
        command: str | StringCommand,
        print_output: bool = False,
        print_input: bool = False,
        **arguments: Any,
    ) -> tuple[bool, CommandOutput]:
        """A section of the snapshot for our facts; else PowerShell, or cmd with `_shell_executable="cmd"`."""
        if isinstance(command, SnapshotCommand):
            return self._section(command)
        prefix = str(self.host.print_prefix)
        return self._on_host(lambda: run_plain(self.target, command, arguments, (prefix, print_input, print_output)))

    def put_file(
        self,
        filename_or_io: FileOrName,
        remote_filename: str,
        remote_temp_filename: str | None = None,
        print_output: bool = False,
        print_input: bool = False,
        **arguments: Any,
    ) -> bool:
        """Writes a file beside the old one, verifies it, replaces; an equal file is left alone."""
        del remote_temp_filename, print_output, print_input, arguments
        self._hold_lock()
        step = put_step(remote_filename, content_of(filename_or_io))
        self._on_host(lambda: self.target.apply((step,)))
        return True

    def get_file(
        self,
        remote_filename: str,
        filename_or_io: FileOrName,
        remote_temp_filename: str | None = None,
        print_output: bool = False,
        print_input: bool = False,
        **arguments: Any,
    ) -> bool:
        """Reads a file of at most 256 MiB."""
        del remote_temp_filename, print_output, print_input, arguments
        write_to(filename_or_io, self._on_host(lambda: self.target.read_file(remote_filename, MOST_BYTES)))
        return True

    def snapshot(self) -> HostFacts:
        """What resources are decided from: one snapshot, and once the lock is taken another one. Raises FactsFailed.

        A step changes its own resource only, so the others' decisions stand; asking anew after each would double the
        requests. Facts that a deploy file asks for are newer: any change drops them. A host that could not be asked
        isn't asked again in this run.
        """
        if self._decided_from is None:
            # Deep: a revision that lies there damaged must be made anew, not switched to.
            self._decided_from = offload(lambda: self.target.facts(deep=True))
        if isinstance(self._decided_from, Unknown):
            raise FactsFailed(self._decided_from.problem)
        return self._decided_from

    def apply(self, step: Step) -> tuple[bool, CommandOutput]:
        """Carries out one step under the run lock; whether it succeeded. Raises HostFailed when the host is lost."""
        self.problem = self._orders.objection(self.host.name, step)
        if self.problem is not None:
            return False, output("stderr", str(self.problem))
        self._tell(step.id, "start", {"reason": step.reason})
        try:
            self._hold_lock()
            (result,) = self._on_host(lambda: self.target.apply((step,)))
        except HostFailed as exc:
            problem = self.problem or Problem("failed", self.host.name, str(exc))
            self._tell(step.id, "failed", {"code": problem.code, "what": problem.what})
            raise
        self.results[step.id] = result.changed
        self._tell(step.id, "done", {"changed": result.changed})
        return True, output("stdout", json_line({"id": step.id, "changed": result.changed}))

    def failed(self, problem: Problem) -> None:
        """Remembers why this host failed, for the runner."""
        self.problem = problem

    def expect(self, root: str, asked: Callable[[bool], dict[str, Any]]) -> None:
        """Where the host's root folder is, and what its facts are asked for; a lent target knows better."""
        if not self._own:
            return
        if root != self._root:
            offload(self.target.close)
            self._root = root
            self.target = self._make_target()
        self.target.expect(asked)

    def _make_target(self) -> WindowsTarget:
        endpoint, root = endpoint_of(self.host.name, self.data), self._root
        return WindowsTarget(HostAccess(endpoint, bundle(), root), lambda deep: facts_args(root, None, deep=deep))

    def _section(self, command: SnapshotCommand) -> tuple[bool, CommandOutput]:
        facts = offload(self.target.facts)
        if isinstance(facts, Unknown):
            return False, output("stderr", str(facts.problem))
        return True, output("stdout", json_line(command.section(facts)))

    def _hold_lock(self) -> None:
        """Takes the run lock before the first change, and then decides anew: the plan was made without it."""
        if self.target.holds_lock:
            return
        if not self._own:
            self.problem = Problem("not-holder", self.host.name, "the run does not hold this host's lock any more")
            raise HostFailed(str(self.problem))
        self._on_host(lambda: self._own_run.begin(self.target))
        self._decided_from = None

    def _on_host(self, call: Callable[[], T]) -> T:
        """The call in a thread; failures as pyinfra takes them: of this host only."""
        try:
            return offload(call)
        except (TargetLost, TargetRefused) as exc:
            self.problem = exc.problem
            if isinstance(exc.__cause__, WinrmTimeout):
                raise TimeoutError(str(exc.problem)) from exc
            raise HostFailed(str(exc.problem)) from exc

    def _tell(self, step: str, event: str, data: dict[str, Any]) -> None:
        self._orders.tell(self.host.name, step, event, data)

    @property
    def _orders(self) -> Orders:
        orders: Orders = self.host.connector_data.get(KEY) or Orders()
        return orders
