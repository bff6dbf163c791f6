"""What a new sandbox has at hand: secrets, sources of sample releases, runtimes in the store."""

import secrets
import tempfile
from pathlib import Path

from deploy.config.project import Project
from deploy.releases.store import DirectoryStore
from deploy.sandbox.apps.samples import write_sample_runtimes, write_sample_source
from deploy.sandbox.fleet.folder import write_private

SAMPLES: dict[str, str | None] = {"1.0.0": None, "1.1.0": None, "1.2.0-broken": "unhealthy"}
"""Release → the fault in it."""
SECRETS = ("TradingSystem-OrderManager/broker-password", "settings/secrets_digest_key")


def make_secrets(project: Project, environment: str) -> None:
    """Random secrets where none are: whoever put one there keeps it."""
    for name in SECRETS:
        path = project.secrets(environment) / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(path, secrets.token_hex(32))


def make_samples(folder: Path) -> None:
    """Sources of the sample releases in `samples/<release>`, where they are missing."""
    for version, fault in SAMPLES.items():
        target = folder / "samples" / version
        if not target.exists():
            with tempfile.TemporaryDirectory(dir=folder) as beside:
                made = Path(beside) / version
                write_sample_source(made, version, fault=fault)
                target.parent.mkdir(exist_ok=True)
                made.rename(target)


def add_runtimes(store: Path, folder: Path) -> None:
    """Puts the runtimes of the samples into the store, unless they are there."""
    present = DirectoryStore(store)
    with tempfile.TemporaryDirectory(dir=folder) as beside:
        write_sample_runtimes(Path(beside))
        for archive in sorted(Path(beside).glob("*.zip")):
            name, version = archive.name.split("-")[:2]
            if (name, version) not in present.runtimes():
                present.add_runtime(archive, name, version)
