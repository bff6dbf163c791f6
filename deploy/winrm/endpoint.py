"""Where a host's WinRM listens and how to log in there."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from deploy.model.problem import Problem, UsageError
from deploy.model.secret import Secret

Login = Literal["ntlm", "kerberos", "credssp", "certificate", "basic"]
ENCRYPTING: frozenset[Login] = frozenset({"ntlm", "kerberos", "credssp"})
"""Ways to log in that can encrypt messages: only these may go over plain HTTP."""
PORTS = {"http": 5985, "https": 5986}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One host's WinRM address and login. `name` is the inventory's; `port` 0 means the scheme's own.

    `ca` is a PEM file of trusted authorities (None: the system's); `certificate` and `certificate_key` are the
    client's PEM files. Raises UsageError for a combination that would send a password in the clear.
    """

    name: str
    address: str
    scheme: Literal["http", "https"] = "https"
    port: int = 0
    login: Login = "ntlm"
    user: str = ""
    password: Secret | None = field(default=None, repr=False)
    ca: Path | None = None
    verify_tls: bool = True
    certificate: Path | None = None
    certificate_key: Path | None = None
    kerberos_hostname: str | None = None
    kerberos_delegation: bool = False

    def __post_init__(self) -> None:
        for what, expected in self._faults():
            raise UsageError(
                Problem("winrm-settings", self.name, what, expected, "correct it in inventories/group_data")
            )

    @property
    def url(self) -> str:
        """The address that requests go to."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.scheme}://{address}:{self.port or PORTS[self.scheme]}/wsman"

    def _faults(self) -> list[tuple[str, str]]:
        """What is wrong, and what was expected instead."""
        faults = []
        if self.scheme not in PORTS:
            faults.append((f"winrm_scheme is {self.scheme!r}", "https or http"))
        if self.scheme == "http" and self.login not in ENCRYPTING:
            faults.append((f"login {self.login!r} over http is not encrypted", "https, or ntlm, kerberos or credssp"))
        if self.login == "certificate" and not (self.certificate and self.certificate_key):
            faults.append(("login by certificate without its files", "winrm_certificate and winrm_certificate_key"))
        if self.login in {"ntlm", "credssp", "basic"} and not (self.user and self.password is not None):
            faults.append((f"login {self.login!r} without user or password", "winrm_user and winrm_password"))
        return faults
