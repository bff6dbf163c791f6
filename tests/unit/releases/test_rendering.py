import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.model.catalogue import Catalogue, Recovery
from deploy.model.host import Host
from deploy.model.problem import Refused, UsageError
from deploy.model.release import Artifact, StateSchema
from deploy.model.revision import Definition, DrainStep, Probe, Revision
from deploy.releases.definition import failure_actions
from deploy.releases.rendering import Rendered, render_service
from deploy.releases.templates import Templates

HOST = Host("trade-01", "10.0.0.1", ("order_manager", "data_capture"))
ARTIFACT = Artifact(
    "order-manager",
    "1.4.2",
    "c0ffee",
    "bin/Main.exe",
    "b" * 64,
    {"bin/Main.exe": "b" * 64, "a.json": "a" * 64},
    "f" * 64,
    9,
    "dotnet",
    "8.0",
    StateSchema(1, (0, 1)),
    False,
)
SERVICE: dict[str, Any] = {
    "name": "TS-OrderManager",
    "artifact": "order-manager",
    "group": "order_manager",
    "runtime": "dotnet",
    "runtime_version": "8.0.30",
    "port": 5055,
    "secrets": ["broker-password"],
    "templates": [{"source": "a.json.j2", "target": "config/a.json"}],
}


def catalogue(root: str = r"C:\TS", **changes: Any) -> Catalogue:
    other = {"name": "TS-DataCapture", "artifact": "data-capture", "group": "data_capture", "port": 5050}
    return Catalogue.model_validate(
        {"format": 1, "root": root, "service": {"order-manager": {**SERVICE, **changes}, "data-capture": other}}
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.json.j2").write_text("{}")
    return tmp_path


def render(
    folder: Path, chosen: Catalogue, host: Host = HOST, artifact: Artifact = ARTIFACT, **settings: Any
) -> Rendered:
    return render_service(chosen, "order-manager", host, "prod", Templates(folder), artifact, settings)


def definition(folder: Path, **changes: Any) -> Definition:
    return render(folder, catalogue(**changes)).revision.definition


def test_context(folder: Path) -> None:
    (folder / "a.json.j2").write_text(
        "{{ [slug, service.name, environment, host.name, address, port, root, secrets, settings.n, host.groups]"
        " | tojson }}"
    )
    content = render(folder, catalogue(), n=[1, {"x": None}]).contents["config/a.json"]
    assert json.loads(content) == [
        "order-manager",
        "TS-OrderManager",
        "prod",
        "trade-01",
        "10.0.0.1",
        5055,
        r"C:\TS",
        {"broker-password": r"C:\TS\secrets\TS-OrderManager\broker-password"},
        [1, {"x": None}],
        ["order_manager", "data_capture"],
    ]


@pytest.mark.parametrize(
    "name", ["winrm_password", "db_PASSWORD", "secretive", "api_token", "apikey", "private_key", "passphrase", "hidden"]
)
def test_promise_7_secret_settings_are_not_offered_to_templates(folder: Path, name: str) -> None:
    class Wrapped(str):
        __slots__ = ()

    value = Wrapped("canary") if name == "hidden" else "canary"
    (folder / "a.json.j2").write_text("{{ settings.inner." + name + " }}")
    with pytest.raises(UsageError, match="has no attribute") as caught:
        render(folder, catalogue(), inner={name: value})
    assert "canary" not in str(caught.value)
    (folder / "a.json.j2").write_text("{{ [settings, host, secrets] | tojson }}")
    assert b"canary" not in render(folder, catalogue(), inner=[{name: value}]).contents["config/a.json"]


def test_revision_puts_artifact_and_configuration_together(folder: Path) -> None:
    rendered = render(folder, catalogue())
    revision = rendered.revision
    assert rendered.contents == {"config/a.json": b"{}"}
    assert revision.files == {**ARTIFACT.files, **revision.config}
    assert list(revision.config) == ["config/a.json"]
    assert (revision.version, revision.build, revision.runtime_version) == ("1.4.2", "b" * 64, "8.0.30")
    assert (revision.state_schema, revision.reversible) == (StateSchema(1, (0, 1)), False)
    assert Revision.from_manifest(json.loads(revision.manifest())) == revision


def test_configuration_alone_makes_another_revision_with_the_same_templates(folder: Path) -> None:
    (folder / "a.json.j2").write_text("{{ settings.rate }}")
    first, second = (render(folder, catalogue(), rate=rate).revision for rate in (1, 2))
    assert first.name != second.name
    assert first.templates_sha256 == second.templates_sha256


def test_equal_numbers_give_equal_revisions(folder: Path) -> None:
    plain = render(folder, catalogue()).revision
    written = render(folder, catalogue(deadlines={"stop_s": 45, "start_s": 30.0}, health={"timeout_s": 5})).revision
    assert written.name == plain.name


def test_definition_in_full(folder: Path) -> None:
    found = definition(
        folder,
        arguments=["--config", r"{folder}\config\a.json", "--bind", "{address}:{port}", r"{runtime}\x"],
        environment={"LOGS": r"{root}\data"},
        health={"path": "/health", "expect": {"status": "ok"}, "version_field": "version", "build_field": "build"},
        drain={"done_field": "openOrders", "done_equals": 0},
        depends_on=["data-capture"],
        scm_depends_on=True,
        on_stop_timeout="stuck",
    )
    runtime = r"C:\TS\runtimes\dotnet\8.0.30"
    assert found == Definition(
        image_path=rf'"{{folder}}\bin\Main.exe" --config {{folder}}\config\a.json --bind 10.0.0.1:5055 {runtime}\x',
        display_name="TS-OrderManager",
        description="",
        account=r"NT SERVICE\TS-OrderManager",
        start="auto",
        depends_on=("TS-DataCapture",),
        environment={"LOGS": r"C:\TS\data", "DOTNET_ROOT": runtime},
        failure_actions="8051010000000000000000000300000014000000010000008813000001000000983a00000100000060ea0000",
        failure_on_non_crash=True,
        sid_type="unrestricted",
        ports=(("10.0.0.1", 5055),),
        on_stop_timeout="stuck",
        probe=Probe(
            "http", "http://10.0.0.1:5055/health", expect={"status": "ok", "version": "1.4.2", "build": "b" * 64}
        ),
        drain=DrainStep(
            "http://10.0.0.1:5055/drain", "http://10.0.0.1:5055/resume", "http://10.0.0.1:5055/health", "openOrders", 0
        ),
        secrets=("broker-password",),
        drain_s=30.0,
        stop_s=45.0,
        start_s=30.0,
        healthy_s=60.0,
        min_healthy_s=10.0,
    )


@pytest.mark.parametrize(
    ("root", "argument", "quoted"),
    [
        (r"C:\Trading System", r"{folder}\x", r'"{folder}\x"'),
        (r"C:\TS", "two words", '"two words"'),
        (r"C:\TS", "", '""'),
        (r"C:\TS", 'say "x"', r'"say \"x\""'),
        (r"C:\Trading System", r"{root}" + "\\", '"C:\\Trading System\\\\"'),
        (r"C:\TS", '{"a":1}', r"{\"a\":1}"),
    ],
)
def test_arguments_are_quoted_as_windows_splits_them(folder: Path, root: str, argument: str, quoted: str) -> None:
    found = render(folder, catalogue(root, arguments=[argument])).revision.definition
    assert found.image_path == rf'"{{folder}}\bin\Main.exe" {quoted}'


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"arguments": ["{nothing}"]}, "service.order-manager.arguments"),
        ({"environment": {"A": "{nothing}"}}, "service.order-manager.environment.A"),
    ],
)
def test_unknown_field_is_refused_with_its_key(folder: Path, changes: dict[str, Any], where: str) -> None:
    with pytest.raises(UsageError, match=rf"^inventories/system\.toml: {where}: {{nothing}} is not known here"):
        render(folder, catalogue(**changes))


@pytest.mark.parametrize(
    ("account", "secrets", "registered", "sid"),
    [
        ("virtual", [], r"NT SERVICE\TS-OrderManager", "unrestricted"),
        ("LocalSystem", [], "LocalSystem", "none"),
        ("TRD\\gmsa-om$", [], "TRD\\gmsa-om$", "none"),
        ("TRD\\gmsa-om$", ["x"], "TRD\\gmsa-om$", "unrestricted"),
    ],
)
def test_account_and_sid(folder: Path, account: str, secrets: list[str], registered: str, sid: str) -> None:
    found = definition(folder, account=account, secrets=secrets)
    assert (found.account, found.sid_type) == (registered, sid)


@pytest.mark.parametrize(
    ("health", "probe"),
    [
        ({"kind": "ws", "path": "/ws"}, Probe("ws", url="ws://10.0.0.1:5055/ws")),
        ({"kind": "tcp"}, Probe("tcp", address="10.0.0.1", port=5055)),
        ({"kind": "process", "timeout_s": 2}, Probe("process", timeout_s=2.0)),
    ],
)
def test_probes(folder: Path, health: dict[str, Any], probe: Probe) -> None:
    assert definition(folder, health=health).probe == probe


def test_windows_learns_only_of_dependencies_on_the_same_host(folder: Path) -> None:
    chosen = catalogue(depends_on=["data-capture"], scm_depends_on=True)
    alone = render(folder, chosen, host=replace(HOST, groups=("order_manager",)))
    assert alone.revision.definition.depends_on == ()


def test_no_recovery_is_no_value() -> None:
    assert failure_actions(None) == ""
    assert failure_actions(Recovery(restart_after_s=(0.5,), reset_after_s=1)) == (
        "010000000000000000000000010000001400000001000000f4010000"
    )


@pytest.mark.parametrize(
    ("runtime", "version", "fits"),
    [
        ("dotnet", "8.0", True), ("dotnet", "8", True), ("dotnet", "8.0.30", True), ("dotnet", None, True),
        (None, None, True),
        ("dotnet", "8.0.3", False), ("dotnet", "9", False), ("python", "3.11", False),
    ],
)  # fmt: skip
def test_runtime_must_fit_the_artifact(folder: Path, runtime: str | None, version: str | None, fits: bool) -> None:
    artifact = replace(ARTIFACT, runtime=runtime, runtime_version=version)
    if fits:
        assert render(folder, catalogue(), artifact=artifact).revision.runtime == "dotnet"
    else:
        with pytest.raises(Refused, match=r"artifact order-manager 1\.4\.2 needs"):
            render(folder, catalogue(), artifact=artifact)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("../x.json", "'..'"),
        ("bin/Main.exe", "would replace the program"),
        ("BIN/x.json", "collides with"),
        ("revision.json", "keeps for itself"),
        ("bin/Main.exe/x", "collides with"),
    ],
)
def test_bad_target_is_refused(folder: Path, target: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        render(folder, catalogue(templates=[{"source": "a.json.j2", "target": target}]))


def test_template_may_replace_the_artifacts_own_configuration(folder: Path) -> None:
    revision = render(folder, catalogue(templates=[{"source": "a.json.j2", "target": "a.json"}])).revision
    assert revision.files["a.json"] == revision.config["a.json"] != ARTIFACT.files["a.json"]


def test_path_too_long_for_this_root_is_refused(folder: Path) -> None:
    artifact = replace(ARTIFACT, files={**ARTIFACT.files, "x" * 180: "0" * 64})
    assert render(folder, catalogue(), artifact=artifact)
    with pytest.raises(Refused, match="does not fit into"):
        render(folder, catalogue("C:\\" + "r" * 60), artifact=artifact)


def test_malformed_and_schema_faults_name_template_host_and_path(folder: Path) -> None:
    (folder / "s.json").write_text('{"required": ["port"]}')
    (folder / "a.json.j2").write_text('{"a": 1,}')
    with pytest.raises(
        UsageError, match=r"^templates/a\.json\.j2 \(service order-manager on trade-01\): config/a\.json is not"
    ):
        render(folder, catalogue())
    (folder / "a.json.j2").write_text("{}")
    entry = {"source": "a.json.j2", "target": "config/a.json", "schema": "s.json"}
    with pytest.raises(UsageError, match=r"trade-01\): config/a\.json \$: 'port' is a required property"):
        render(folder, catalogue(templates=[entry]))
    with pytest.raises(UsageError, match="no value that one can check"):
        render(folder, catalogue(templates=[{**entry, "target": "a.txt"}]))
    with pytest.raises(UsageError, match=r"there is no template 'gone\.json'"):
        render(folder, catalogue(templates=[{**entry, "schema": "gone.json"}]))
