"""What a tool costs that sends one command for each resource: pywinrm's and pypsrp's own clients, as documented.

The simulated hosts have no PowerShell, so `hostname` stands for `run_ps`: the requests of both are the same five and
the login. So this claims requests only, no time.
"""

import importlib.util
from collections.abc import Callable

import winrm

from deploy.winrm.endpoint import Endpoint

COMMAND = "hostname"
COMMANDS = 40
"""A resource each."""
Client = Callable[[Endpoint], None]


def pywinrm(endpoint: Endpoint) -> None:
    """`Session.run_cmd`, which opens and closes a shell, and logs in, for each command."""
    session = winrm.Session(
        endpoint.url, auth=_login(endpoint), transport="ntlm", message_encryption="always", proxy=None
    )
    for _ in range(COMMANDS):
        session.run_cmd(COMMAND)


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


def _login(endpoint: Endpoint) -> tuple[str, str]:
    return endpoint.user, endpoint.password.reveal() if endpoint.password else ""
