"""What the server counts of a client, request by request."""

from collections import Counter
from typing import Any

import pytest
from winrm.exceptions import InvalidCredentialsError

from tests.sandbox.wsman.conftest import Site


def _counted(site: Site) -> Counter[str]:
    seen: Any = site.host.wsman.traffic.as_json()["requests"]
    return Counter(seen)


def test_every_request_of_pywinrm_is_counted_with_its_login(site: Site) -> None:
    before = _counted(site)
    assert site.session().run_cmd("hostname").status_code == 0
    found = _counted(site) - before
    assert found.pop("login") == 2
    assert found.pop("empty") == 1
    assert found == Counter(("Create", "Command", "Receive", "Signal", "Delete"))


def test_a_refused_password_is_a_login_and_nothing_else(site: Site) -> None:
    before = _counted(site)
    with pytest.raises(InvalidCredentialsError):
        site.session(auth=("deploy", "wrong")).run_cmd("hostname")
    assert set(_counted(site) - before) == {"login"}
