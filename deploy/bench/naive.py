"""What a tool costs that sends one command for each resource: pywinrm's and pypsrp's own clients, as documented.

Hosts of the built-in engine have no PowerShell, so there `hostname` stands for `run_ps`: the requests of both are the
same five and the login. So that claims requests only, no time.
"""

import importlib.util
from collections.abc import Callable, Sequence

import winrm

from deploy.bench.not_measured import NotMeasured
from deploy.winrm.endpoint import Endpoint

COMMAND = "hostname"
COMMANDS = 40
"""A resource each."""
Client = Callable[[Endpoint], None]


def pywinrm(endpoint: Endpoint) -> None:
    """`Session.run_cmd`, which opens and closes a shell, and logs in, for each command."""
    session = _session(endpoint)
    for _ in range(COMMANDS):
        session.run_cmd(COMMAND)


def run_scripts(endpoint: Endpoint, scripts: Sequence[str]) -> None:
    """`Session.run_ps` for each script; raises NotMeasured when one fails."""
    session = _session(endpoint)
    for script in scripts:
        answer = session.run_ps(script)
        if answer.status_code:
            said = answer.std_err.decode("utf-8", "replace")
            raise NotMeasured(f"pywinrm run_ps: exit code {answer.status_code}\n{said[-2000:]}")


def pypsrp(endpoint: Endpoint) -> None:
    """`Client.execute_cmd`, which opens and closes a shell for each command, over one login."""
    from pypsrp.client import Client as PsrpClient  # noqa: PLC0415  # a tool of development: it may be missing

    user, password = _login(endpoint)
    options = {"port": 5985, "ssl": False, "auth": "ntlm", "encryption": "always", "no_proxy": True}
    with PsrpClient(endpoint.address, username=user, password=password, **options) as client:
        for _ in range(COMMANDS):
            client.execute_cmd(COMMAND)


def pypsrp_is_there() -> bool:
    """Whether pypsrp is installed."""
    return importlib.util.find_spec("pypsrp") is not None


def _session(endpoint: Endpoint) -> winrm.Session:
    options = {"message_encryption": "always", "proxy": None, "ca_trust_path": None}
    return winrm.Session(endpoint.url, auth=_login(endpoint), transport="ntlm", **options)


def _login(endpoint: Endpoint) -> tuple[str, str]:
    return endpoint.user, endpoint.password.reveal() if endpoint.password else ""
