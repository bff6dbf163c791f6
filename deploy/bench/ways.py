"""Three ways to the same desired state, and the run that compares them."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.bench import naive
from deploy.bench.ansible import AnsiblePlaybook
from deploy.bench.ansible_home import ansible_is_there
from deploy.bench.comparison import Comparison, Way
from deploy.bench.configuration import ConfigurationFile, configuration_files, missing_step, naive_script
from deploy.bench.not_measured import NotMeasured
from deploy.bench.wine_host import WineHost
from deploy.execution.target import Holder
from deploy.model.facts import Unknown
from deploy.model.step import Step
from deploy.planning.facts_request import facts_args
from deploy.windows.agent_bundle import bundle
from deploy.windows.host_access import HostAccess
from deploy.windows.target import WindowsTarget
from deploy.winrm.endpoint import Endpoint

Files = tuple[ConfigurationFile, ...]


def compare(host: WineHost, count: int, scratch: Path, say: Callable[[str], None]) -> Comparison:
    """No-op check and change of so many files, each way. Raises NotMeasured, TargetLost, TargetRefused."""
    files, endpoint = configuration_files(count), host.endpoint()
    scripts = [naive_script(file) for file in files]
    host.put(files)
    say("the first connection, which leaves our module on the host")
    by_worker(endpoint, files)

    def measure(name: str, act: Callable[[], None]) -> Way:
        say(name)
        return Way(host.noop(files, act), host.change(files, act))

    by_pywinrm = measure("pywinrm, run_ps for each file", lambda: naive.run_scripts(endpoint, scripts))
    by_ansible: Way | str = "ansible-core is not installed"
    if ansible_is_there():
        playbook = AnsiblePlaybook(endpoint, host.password_file, scripts, scratch / "ansible")
        by_ansible = measure("Ansible, a raw task for each file", playbook.run)
    ours = measure("ours", lambda: by_worker(endpoint, files))
    return Comparison(count, by_pywinrm, by_ansible, ours)


def by_worker(endpoint: Endpoint, files: Files) -> None:
    """What a run does between connecting and closing: facts, a decision, and the lock and the steps if any is missing.

    Steps go one by one, as `prepare` sends them.
    """
    access = HostAccess(endpoint, bundle())
    with closing(WindowsTarget(access, lambda deep: _asked(access.root, files, deep))) as target:
        if steps := tuple(_missing(target, files)):
            target.lock(Holder("bench", "bench", "bench", datetime.now(UTC).isoformat(timespec="seconds")), 1)
            for step in steps:
                target.apply((step,))
            target.unlock()


def _missing(target: WindowsTarget, files: Files) -> Iterator[Step]:
    snapshot = target.facts()
    if isinstance(snapshot, Unknown):
        raise NotMeasured(str(snapshot.problem))
    for file in files:
        yield from missing_step(file, snapshot.paths.get(file.path))


def _asked(root: str, files: Files, deep: bool) -> dict[str, Any]:
    return {**facts_args(root, None, deep=deep), "paths": [file.path for file in files]}
