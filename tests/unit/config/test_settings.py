from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deploy.config.loading import digest_key, load_settings
from deploy.config.project import Project
from deploy.config.settings import Settings
from deploy.model.problem import UsageError
from deploy.model.secret import Secret
from tests.unit.config.conftest import Write

CANARY = "c4nary-pa$$-${HOME}"


@pytest.fixture
def layered(project: Project, write: Write) -> Project:
    """Every layer sets `batch`; the strongest is to be taken away one by one."""
    write(".env.lab", "DEPLOY_BATCH=3\n")
    write(".deploy/secrets/lab/settings/batch", "4\n")
    write("inventories/lab.py", 'web = ["@tswinrm/a"]')
    write("inventories/group_data/lab.py", "batch = 5")
    write("inventories/group_data/all.py", "batch = 6")
    return project


def test_precedence_and_origins(layered: Project) -> None:
    def batch(options: dict[str, Any], environ: dict[str, str]) -> tuple[str, str]:
        loaded = load_settings(layered, "lab", options, environ)
        return loaded.settings.batch, loaded.origins["batch"]

    variable = {"DEPLOY_BATCH": "2"}
    assert batch({"batch": "1"}, variable) == ("1", "option --batch")
    assert batch({"batch": None}, variable) == ("2", "environment: DEPLOY_BATCH")
    assert batch({}, {"DEPLOY_BATCH": ""}) == ("3", ".env.lab: DEPLOY_BATCH")
    (layered.root / ".env.lab").unlink()
    assert batch({}, {}) == ("4", ".deploy/secrets/lab/settings/batch")
    (layered.secrets("lab") / "settings" / "batch").unlink()
    assert batch({}, {}) == ("5", "inventories/group_data/lab.py: batch")
    (layered.group_data / "lab.py").unlink()
    assert batch({}, {}) == ("6", "inventories/group_data/all.py: batch")
    (layered.group_data / "all.py").unlink()
    assert batch({}, {}) == ("1", "default")


def test_group_data_in_the_inventory_itself_has_its_file_as_origin(project: Project, write: Write) -> None:
    write("inventories/lab.py", 'all = (["@tswinrm/a"], {"parallel": 7})')
    loaded = load_settings(project, "lab", {}, {})
    assert (loaded.settings.parallel, loaded.origins["parallel"]) == (7, "inventories/lab.py: parallel")


def test_paths_count_from_the_project_and_ports_follow_the_scheme(project: Project) -> None:
    settings = load_settings(project, "dev", {"winrm_scheme": "http", "winrm_ca_path": "ca.pem"}, {}).settings
    assert settings.winrm_port == 5985
    assert settings.winrm_ca_path == project.root / "ca.pem"
    assert settings.store == str(project.root / ".deploy/store")
    assert settings.secrets_path == project.secrets("dev")
    assert load_settings(project, "dev", {}, {}).settings.winrm_port == 5986
    assert load_settings(project, "dev", {"store": "https://store.example.net/x"}, {}).settings.store.startswith(
        "https:"
    )


def test_instantiating_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_PARALLEL", "3")
    monkeypatch.setenv("PARALLEL", "3")
    assert Settings().parallel == 10


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().parallel = 3  # type: ignore[misc]


BAD: dict[str, tuple[dict[str, str], str]] = {
    "number": ({"DEPLOY_PARALLEL": CANARY}, "environment: DEPLOY_PARALLEL"),
    "too small": ({"DEPLOY_PARALLEL": "0"}, "environment: DEPLOY_PARALLEL"),
    "choice": ({"DEPLOY_WINRM_TRANSPORT": CANARY}, "environment: DEPLOY_WINRM_TRANSPORT"),
    "pattern": ({"DEPLOY_BATCH": "101%"}, "environment: DEPLOY_BATCH"),
    "basic over http": (
        {"DEPLOY_WINRM_TRANSPORT": "basic", "DEPLOY_WINRM_SCHEME": "http"},
        "environment: DEPLOY_WINRM_SCHEME",
    ),
    "certificate over http": (
        {"DEPLOY_WINRM_TRANSPORT": "certificate", "DEPLOY_WINRM_SCHEME": "http"},
        "environment: DEPLOY_WINRM_SCHEME",
    ),
    "certificate without its files": (
        {"DEPLOY_WINRM_TRANSPORT": "certificate", "DEPLOY_WINRM_CERT_PATH": "c.pem"},
        "environment: DEPLOY_WINRM_TRANSPORT",
    ),
    "credentials in the address": ({"DEPLOY_STORE": f"https://u:{CANARY}@h/"}, "environment: DEPLOY_STORE"),
    "token in the clear": (
        {"DEPLOY_STORE": "http://store.example.net/", "DEPLOY_STORE_TOKEN": CANARY},
        "environment: DEPLOY_STORE",
    ),
    "hosts' address with credentials": (
        {"DEPLOY_STORE_FOR_HOSTS": f"http://u:{CANARY}@h/"},
        "environment: DEPLOY_STORE_FOR_HOSTS",
    ),
    "slip": ({"DEPLOY_WINRM_PASWORD": CANARY}, "environment: DEPLOY_WINRM_PASWORD"),
}


@pytest.mark.parametrize("case", BAD)
def test_promise_7_bad_setting_names_its_place_and_never_its_value(project: Project, case: str) -> None:
    environ, where = BAD[case]
    with pytest.raises(UsageError) as told:
        load_settings(project, "dev", {}, {"DEPLOY_WINRM_PASSWORD": CANARY, **environ})
    assert [problem.where for problem in told.value.problems] == [where]
    assert CANARY not in str(told.value)
    chain = told.value.__cause__ or (None if told.value.__suppress_context__ else told.value.__context__)
    assert chain is None or CANARY not in repr(chain)


BAD_FILES = {
    ".env": (".env.dev", f"DEPLOY_PARALEL={CANARY}\n", ".env.dev: DEPLOY_PARALEL", "DEPLOY_PARALLEL"),
    ".env without prefix": (".env.dev", f"PARALLEL={CANARY}\n", ".env.dev: PARALLEL", "DEPLOY_PARALLEL"),
    ".env value": (".env.dev", f"DEPLOY_PARALLEL={CANARY}\n", ".env.dev: DEPLOY_PARALLEL", ""),
    "secrets folder": (
        ".deploy/secrets/dev/settings/winrm_pasword",
        CANARY,
        ".deploy/secrets/dev/settings: winrm_pasword",
        "winrm_password",
    ),
    "secrets folder value": (
        ".deploy/secrets/dev/settings/max_failures",
        CANARY,
        ".deploy/secrets/dev/settings/max_failures",
        "",
    ),
    "group_data": (
        "inventories/group_data/dev.py",
        f"max_failures = {CANARY!r}\n",
        "inventories/group_data/dev.py: max_failures",
        "",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_promise_7_bad_file_is_named_and_never_quoted(project: Project, write: Write, case: str) -> None:
    name, content, where, advice = BAD_FILES[case]
    write(name, content)
    with pytest.raises(UsageError) as told:
        load_settings(project, "dev", {}, {})
    assert [problem.where for problem in told.value.problems] == [where]
    assert advice in told.value.problems[0].next
    assert CANARY not in str(told.value)


def test_unknown_option_is_refused(project: Project) -> None:
    with pytest.raises(UsageError, match="did you mean 'parallel'"):
        load_settings(project, "dev", {"paralel": 3}, {})


def test_other_tools_variables_are_left_alone(project: Project) -> None:
    assert load_settings(project, "dev", {}, {"DEPLOY_XYZ_QQQ": "1", "DEPLOY_PROJECT": "/x"})


@pytest.mark.parametrize("name", [".env.dev", ".deploy/secrets/dev/settings/winrm_password"])
def test_passwords_are_taken_as_written(project: Project, write: Write, name: str) -> None:
    write(name, f"DEPLOY_WINRM_PASSWORD='{CANARY}'\n" if name == ".env.dev" else CANARY + "\r\n")
    settings = load_settings(project, "dev", {}, {}).settings
    assert settings.winrm_password == Secret(CANARY)
    assert CANARY not in repr(settings) + str(settings) + str(settings.model_dump()) + settings.model_dump_json()


def test_digest_key_is_made_once_and_then_found(project: Project) -> None:
    settings = load_settings(project, "dev", {}, {}).settings
    first = digest_key(project, "dev", settings, lambda: "a" * 64)
    assert digest_key(project, "dev", settings, lambda: "b" * 64) == first == Secret("a" * 64)
    loaded = load_settings(project, "dev", {}, {})
    assert loaded.settings.secrets_digest_key == first
    path: Path = project.secrets("dev") / "settings" / "secrets_digest_key"
    assert path.stat().st_mode & 0o077 == 0
    assert digest_key(project, "dev", loaded.settings, lambda: "b" * 64) == first
