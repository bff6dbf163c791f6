"""A project whose environment dev is one host, and what is typed there."""

import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.cli.playground import Answer, Playground
from deploy.sandbox.apps.samples import SAMPLES, write_sample_runtimes, write_sample_source

ENVIRONMENT = "dev"
ARTIFACTS = ("data-capture", "order-manager")
RUNTIME = "dotnet-8.0.30-win-x64.zip"
COMMAND_TIMEOUT_S = 600.0
_INVENTORY = '''"""One host, where all services of this environment run."""

_host = ("@tswinrm/this-computer", {{"winrm_address": {winrm!r}, "service_address": {services!r}}})

data_capture = order_manager = [_host]
'''
_GROUP_DATA = '''"""Its account and its certificate; the password lies in the secrets folder."""

winrm_user = {user!r}
winrm_ca_path = {ca!r}
order_manager_url = "http://{services}:5055"
'''
_DEADLINES = f"""[environments.{ENVIRONMENT}.deadlines]
drain_s = 10
stop_s = 30
start_s = 60
healthy_s = 60
min_healthy_s = 2

"""


@dataclass(frozen=True)
class Reached:
    """How the host is reached, where its services listen, and the program that plays them: (artifact, version) → it."""

    winrm: str
    services: str
    user: str
    password: str
    ca: Path
    program: Callable[[str, str], bytes]


class Site:
    """The project under `folder`."""

    def __init__(self, folder: Path, host: Reached) -> None:
        self.folder, self.services, self._host = folder, host.services, host
        self._play = Playground(folder, "127.0.65")
        inventories = folder / "inventories"
        data = {"winrm": host.winrm, "services": host.services, "user": host.user, "ca": str(host.ca)}
        _write(inventories / f"{ENVIRONMENT}.py", _INVENTORY.format(**data))
        _write(inventories / "group_data" / f"{ENVIRONMENT}.py", _GROUP_DATA.format(**data))
        catalogue = (inventories / "system.toml").read_text("utf-8")
        catalogue = _between(catalogue, f"[environments.{ENVIRONMENT}.deadlines]", "# --- Runtimes", _DEADLINES)
        catalogue = _between(catalogue, "[service.market-data]", "# --- Auxiliary", "")
        _write(inventories / "system.toml", catalogue)
        own = folder / ".deploy" / "secrets" / ENVIRONMENT
        _write(own / "settings" / "winrm_password", host.password)
        _write(own / "settings" / "secrets_digest_key", secrets.token_hex(32))
        _write(own / "TradingSystem-OrderManager" / "broker-password", secrets.token_hex(32))

    def run(self, *words: str, code: int = 0) -> Answer:
        """Runs a command of the environment and demands its exit code."""
        answer = self._play.invoke(*words, timeout_s=COMMAND_TIMEOUT_S)
        assert answer.code == code, f"{words}: exit {answer.code}\n{answer.stdout[-6000:]}\n{answer.stderr[-6000:]}"
        return answer

    def add_runtime(self) -> None:
        """Puts the runtime that the catalogue names into the store; the stand-in needs nothing of it."""
        archives = self.folder / "runtimes"
        write_sample_runtimes(archives)
        self.run("release.runtime", "--archive", str(archives / RUNTIME))

    def build(self, version: str, fault: str | None = None) -> None:
        """Builds a release; a fault spoils its Order Manager."""
        source = self.folder / "sources" / version
        write_sample_source(source, version, fault=fault, for_artifacts=ARTIFACTS, broken=("order-manager",))
        for artifact in ARTIFACTS:
            (source / artifact / SAMPLES[artifact].entry).write_bytes(self._host.program(artifact, version))
        self.run("release.build", "--version", version, "--source", str(source), "--commit", "0" * 40)
        shutil.rmtree(source)


def _between(text: str, start: str, end: str, new: str) -> str:
    """The text with `new` from `start` on and before `end`."""
    return text[: text.index(start)] + new + text[text.index(end) :]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
