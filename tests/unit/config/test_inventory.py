import re
from pathlib import Path

import pytest

from deploy.config.connection import connection_problem, connector_data
from deploy.config.hidden import Hidden
from deploy.config.hostdata import template_settings
from deploy.config.inventory import load_inventory
from deploy.config.loading import load_settings
from deploy.config.project import Project
from deploy.model.problem import UsageError
from deploy.model.secret import Secret
from tests.unit.config.conftest import Write

CANARY = "c4nary-pa$$"


def test_dev_is_the_sandbox_fleet_and_loads_before_it_is_up(project: Project) -> None:
    inventory = load_inventory(project, "dev")
    assert [(host.name, host.address) for host in inventory.hosts] == [
        ("dev-trade-01", "127.0.10.11"),
        ("dev-trade-02", "127.0.10.12"),
        ("dev-gateway-01", "127.0.10.13"),
    ]
    assert inventory.groups["order_manager"] == ("dev-trade-01",)
    assert inventory.data["winrm_password"] is None


def test_sandbox_prefix_moves_the_fleet(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_SANDBOX_PREFIX", "127.0.77")
    assert load_inventory(project, "dev").hosts[0].data["winrm_address"] == "127.0.77.11"


def test_credentials_of_the_sandbox_are_read_and_hidden(project: Project, write: Write) -> None:
    write(".deploy/sandbox/dev/user", "deployer\n")
    write(".deploy/sandbox/dev/password", CANARY + "\n")
    inventory = load_inventory(project, "dev")
    host = inventory.hosts[0]
    assert (host.data["winrm_user"], host.data["winrm_password"]) == ("deployer", Hidden(CANARY))
    assert CANARY not in repr((inventory, host, host.data)) + Hidden(CANARY).to_json()
    loaded = load_settings(project, "dev", {}, {}, inventory)
    data = connector_data(loaded, host)
    assert data["winrm_ca_path"] == str(project.sandbox("dev") / "ca.pem")
    assert data["winrm_password"] == Hidden(CANARY)
    problem = connection_problem("dev", host, data)
    assert problem is not None
    assert (problem.code, problem.next) == ("no-authority", "start the simulated hosts: invoke sandbox.up")
    write(".deploy/sandbox/dev/ca.pem", "")
    assert connection_problem("dev", host, data) is None


def test_promise_7_templates_see_neither_settings_nor_anything_hidden(project: Project, write: Write) -> None:
    write("inventories/lab.py", 'web = ["@tswinrm/a"]')
    lines = (
        "from deploy.config.hidden import Hidden",
        f"api_key = Hidden({CANARY!r})",
        "parallel = 3",
        "_x = 1",
        "level = 2",
    )
    write("inventories/group_data/lab.py", "\n".join(lines))
    (project.group_data / "all.py").unlink()
    assert template_settings(load_inventory(project, "lab").hosts[0]) == {"level": 2}


def test_missing_credentials_are_told_kindly_and_late(project: Project) -> None:
    inventory = load_inventory(project, "dev")
    data = connector_data(load_settings(project, "dev", {}, {}, inventory), inventory.hosts[0])
    problem = connection_problem("dev", inventory.hosts[0], data)
    assert problem is not None
    assert "winrm_user and winrm_password not set" in problem.what
    assert problem.next == "start the simulated hosts: invoke sandbox.up"


def test_a_variable_beats_the_hosts_data_and_that_beats_group_data(project: Project, write: Write) -> None:
    write("inventories/lab.py", 'web = [("@tswinrm/a", {"winrm_user": "own", "winrm_scheme": "http"}), "@tswinrm/b"]')
    write("inventories/group_data/lab.py", 'winrm_user = "shared"')
    inventory = load_inventory(project, "lab")
    plain = load_settings(project, "lab", {}, {}, inventory)
    first, second = (connector_data(plain, host) for host in inventory.hosts)
    assert (first["winrm_user"], first["winrm_port"], first["winrm_address"]) == ("own", 5985, "a")
    assert (second["winrm_user"], second["winrm_port"]) == ("shared", 5986)
    forced = load_settings(project, "lab", {}, {"DEPLOY_WINRM_USER": "boss", "DEPLOY_WINRM_PASSWORD": "x"}, inventory)
    assert connector_data(forced, inventory.hosts[0])["winrm_user"] == "boss"
    assert connector_data(forced, inventory.hosts[0])["winrm_password"] == Secret("x")


def test_select_names_hosts_or_suggests(project: Project) -> None:
    inventory = load_inventory(project, "dev")
    assert [host.name for host in inventory.select(("dev-gateway-01", "dev-trade-01"))] == [
        "dev-trade-01",
        "dev-gateway-01",
    ]
    assert inventory.select(()) == inventory.hosts
    with pytest.raises(UsageError, match="did you mean 'dev-trade-01'"):
        inventory.select(("dev-trade-1",))


BAD = {
    "syntax": ("web = [\n", None, "inventory-broken", r"lab.py:\d"),
    "raises": ("x = 1\nweb = [undefined_name]\n", None, "inventory-broken", r"lab.py:2: NameError"),
    "value of an exception": (f"int({CANARY!r})", None, "inventory-broken", r"lab.py:1: ValueError"),
    "a list that is no group": ('TAGS = ["a"]\nweb = ["@tswinrm/x"]', None, "not-a-host", r'write "@tswinrm/a"'),
    "a version": ('VERSION = (1, 2)\nweb = ["@tswinrm/x"]', None, "not-a-group", "_VERSION"),
    "numbers": ("ports = [1]", None, "not-a-host", "type int"),
    "another connector": ('web = ["@ssh/x"]', None, "not-a-host", "@tswinrm/x"),
    "no host name": ('web = ["@tswinrm/"]', None, "not-a-host", "no Windows host"),
    "data of a host": ('web = [("@tswinrm/x", 5)]', None, "not-a-host", "no dictionary"),
    "no hosts": ("_web = []", None, "no-hosts", "lab.py"),
    "not in all": ('all = ["@tswinrm/a"]\nweb = ["@tswinrm/b"]', None, "not-in-all", "'b'"),
    "same machine": (
        'web = [("@tswinrm/a", {"winrm_address": "h"}), ("@tswinrm/b", {"winrm_address": "H"})]',
        None,
        "same-machine",
        "address of a",
    ),
    "unknown key": ('web = [("@tswinrm/a", {"winrm_prot": 1})]', None, "unknown-key", "did you mean 'winrm_port'"),
    "validation off": (
        'web = [("@tswinrm/a", {"winrm_server_cert_validation": "ignore"})]',
        None,
        "unknown-key",
        "always validated",
    ),
    "wrong type": ('web = [("@tswinrm/a", {"winrm_port": "many"})]', None, "bad-value", "a: winrm_port"),
    "plain password": (
        f'web = [("@tswinrm/a", {{"winrm_password": {CANARY!r}}})]',
        None,
        "plain-password",
        "DEPLOY_WINRM_PASSWORD",
    ),
    "basic over http": (
        'web = [("@tswinrm/a", {"winrm_transport": "basic", "winrm_scheme": "http"})]',
        None,
        "bad-value",
        "use https",
    ),
    "group data": ('web = ["@tswinrm/a"]', 'winrm_usr = "x"', "unknown-key", r"group_data/web.py: winrm_usr"),
    "a slip in a setting": ('web = ["@tswinrm/a"]', "paralel = 8", "unknown-key", "did you mean 'parallel'"),
    "broken group data": ('web = ["@tswinrm/a"]', "import nothing_like_it", "inventory-broken", "group_data/web.py:1"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_inventory_is_refused_with_its_place(project: Project, write: Write, case: str) -> None:
    inventory, group_data, code, text = BAD[case]
    write("inventories/lab.py", inventory)
    if group_data is not None:
        write("inventories/group_data/web.py", group_data)
    with pytest.raises(UsageError) as told:
        load_inventory(project, "lab")
    assert [problem.code for problem in told.value.problems] == [code]
    assert re.search(text, str(told.value))
    assert CANARY not in str(told.value)


def test_all_problems_are_told_at_once(project: Project, write: Write) -> None:
    write("inventories/lab.py", 'TAGS = ["a"]\nVERSION = (1, 2)\nweb = ["@tswinrm/x"]')
    with pytest.raises(UsageError) as told:
        load_inventory(project, "lab")
    assert {problem.code for problem in told.value.problems} == {"not-a-host", "not-a-group"}


def test_hidden_of_a_missing_file_is_none(tmp_path: Path) -> None:
    assert Hidden.read(tmp_path / "none") is None
