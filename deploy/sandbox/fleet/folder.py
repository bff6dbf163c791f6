"""The files of a fleet's folder, and the credentials made for it."""

import datetime as dt
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from deploy.sandbox.fleet.spec import FleetSpec
from deploy.sandbox.wsman import certificates
from deploy.sandbox.wsman.certificates import CertificateFiles


@dataclass(frozen=True, slots=True)
class FleetFolder:
    """`path` and what lies in it."""

    path: Path

    @property
    def user(self) -> Path:
        """The account's name."""
        return self.path / "user"

    @property
    def password(self) -> Path:
        """Its password; mode 0600."""
        return self.path / "password"

    @property
    def ntlm_file(self) -> Path:
        """The account as the NTLM code reads it; mode 0600."""
        return self.path / "ntlm"

    @property
    def certificates(self) -> CertificateFiles:
        """The sandbox's own authority and what it signed."""
        return CertificateFiles(self.path)

    @property
    def process(self) -> Path:
        """Who the daemon is."""
        return self.path / "daemon.pid"

    @property
    def log(self) -> Path:
        """What the daemon said."""
        return self.path / "daemon.log"

    def host(self, name: str) -> Path:
        """A host's folder: its disk and state."""
        return self.path / "hosts" / name


def prepare(folder: FleetFolder, spec: FleetSpec, now: dt.datetime) -> None:
    """Makes password and certificates where they are missing; certificates again when the hosts are others."""
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.path.chmod(0o700)
    folder.user.write_text(spec.user + "\n", "utf-8")
    if not folder.password.exists():
        write_private(folder.password, secrets.token_urlsafe(24))
    signed_for = folder.path / "certificates.for"
    hosts = [(host.name, host.address) for host in spec.hosts]
    wanted = f"{spec.user} {hosts}"
    if not signed_for.exists() or signed_for.read_text("utf-8") != wanted:
        certificates.make(folder.certificates, hosts, spec.user, now)
        signed_for.write_text(wanted, "utf-8")


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, from its first byte on."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
