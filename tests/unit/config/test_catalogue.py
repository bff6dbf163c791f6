import tomllib
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from deploy.config.catalogue import load_catalogue, parse_catalogue
from deploy.config.inventory import load_inventory
from deploy.config.placement import idle_hosts, place
from deploy.config.project import Project
from deploy.model.problem import Problem, UsageError
from tests.unit.config.conftest import REAL, Write

MINIMAL = """
format = 1
[[runtime]]
name = "dotnet"
version = "8.0.30"
eol = 2026-11-10
archive = "dotnet.zip"
[service.alpha]
name = "Alpha"
artifact = "alpha"
group = "data_capture"
port = 5050
[service.beta]
name = "Beta"
artifact = "beta"
group = "data_capture"
port = 5055
"""


def test_the_real_catalogue_is_the_designs_table() -> None:
    catalogue = load_catalogue(REAL)
    assert {slug: service.port for slug, service in catalogue.service.items()} == {
        "data-capture": 5050,
        "order-manager": 5055,
        "market-data": 9001,
        "api-gateway": 8000,
        "idea-bank": 3200,
        "documentation": 3300,
        "prometheus": 9090,
        "grafana": 3000,
    }
    assert [slug for slug, service in catalogue.service.items() if service.single_writer] == ["order-manager"]
    assert {service.recovery and service.recovery.restart_after_s for service in catalogue.service.values()} == {
        (5, 15, 60)
    }


def test_an_environment_changes_deadlines_and_nothing_else() -> None:
    catalogue = load_catalogue(REAL)
    dev, prod = catalogue.for_environment("dev"), catalogue.for_environment("prod")
    assert dev.service["order-manager"].deadlines.min_healthy_s == 1
    assert prod == catalogue
    assert prod.service["order-manager"].deadlines.min_healthy_s == 10
    same = dev.service["order-manager"].model_copy(update={"deadlines": prod.service["order-manager"].deadlines})
    assert same == prod.service["order-manager"]


@pytest.mark.parametrize("environment", REAL.environments())
def test_every_real_environment_can_be_placed(environment: str) -> None:
    placement = place(load_catalogue(REAL), load_inventory(REAL, environment))
    assert idle_hosts(placement, environment) == ()
    assert sum("order-manager" in slugs for slugs in placement.values()) == 1
    gateways = [slugs for slugs in placement.values() if "api-gateway" in slugs]
    assert gateways
    assert all(slugs == ("api-gateway",) for slugs in gateways)


BAD = {
    "syntax": ("format = 1", "format = ", "bad-toml", "inventories/system.toml:2", ""),
    "unfinished": (MINIMAL, "format = [1", "bad-toml", "inventories/system.toml:end", ""),
    "format": ("format = 1", "format = 2", "bad-value", "format", ""),
    "no format": ("format = 1", "", "missing-key", "format", "add it"),
    "unknown key at the top": ("format = 1", "format = 1\nrot = 'C:\\X'", "unknown-key", "rot", "'root'"),
    "unknown key": ("port = 5055", "prot = 1\nport = 5055", "unknown-key", "service.beta.prot", "'port'"),
    "unknown nested key": (
        "port = 5055",
        "port = 5055\nhealth = { knd = 'tcp' }",
        "unknown-key",
        "service.beta.health.knd",
        "'kind'",
    ),
    "unknown key of a list": (
        'archive = "dotnet.zip"',
        'archive = "d"\narchve = "d"',
        "unknown-key",
        "runtime[0].archve",
        "'archive'",
    ),
    "port is text": ("port = 5055", 'port = "5055"', "bad-value", "service.beta.port", ""),
    "port is too high": ("port = 5055", "port = 70000", "bad-value", "service.beta.port", ""),
    "bad choice": ("port = 5055", "port = 5055\nstart = 'never'", "bad-value", "service.beta.start", ""),
    "bad version": ('version = "8.0.30"', 'version = "8.x"', "bad-value", "runtime[0].version", ""),
    "bad date": ("eol = 2026-11-10", 'eol = "soon"', "bad-value", "runtime[0].eol", ""),
    "bad slug": ("[service.beta]", "[service.Beta_1]", "bad-key", "service.Beta_1", "rename"),
    "root is Unix": ("format = 1", "format = 1\nroot = '/opt'", "bad-value", "root", ""),
    "same name": ('name = "Beta"', 'name = "ALPHA"', "duplicate-name", "service.beta.name", ""),
    "same port": ("port = 5055", "port = 5050", "port-clash", "service.beta.port", ""),
    "WinRM's port": ("port = 5055", "port = 5986", "port-clash", "service.beta.port", ""),
    "unknown dependency": (
        "port = 5055",
        "port = 5055\ndepends_on = ['alpa']",
        "unknown-service",
        "service.beta.depends_on",
        "'alpha'",
    ),
    "depends on itself": (
        "port = 5055",
        "port = 5055\ndepends_on = ['beta']",
        "dependency-cycle",
        "service.beta.depends_on",
        "",
    ),
    "cycle": (
        "port = 5050\n[service.beta]\n",
        'port = 5050\ndepends_on = ["beta"]\n[service.beta]\ndepends_on = ["alpha"]\n',
        "dependency-cycle",
        "depends_on",
        "",
    ),
    "restarts with a stranger": (
        "port = 5055",
        "port = 5055\nrestarts_with = ['alpha']",
        "unknown-dependency",
        "service.beta.restarts_with",
        "depends_on",
    ),
    "unknown runtime": (
        "port = 5055",
        "port = 5055\nruntime = 'dotnt'\nruntime_version = '8.0.30'",
        "unknown-runtime",
        "service.beta",
        "'dotnet'",
    ),
    "unknown version": (
        "port = 5055",
        "port = 5055\nruntime = 'dotnet'\nruntime_version = '8.0.3'",
        "unknown-version",
        "service.beta",
        "'8.0.30'",
    ),
    "runtime without version": (
        "port = 5055",
        "port = 5055\nruntime = 'dotnet'",
        "unknown-runtime",
        "service.beta",
        "add it",
    ),
    "waiver of nothing": (
        "[service.alpha]",
        "[[waiver]]\nruntime='node'\nversion='18'\nenvironments=['prod']\nowner='A'\nuntil=2027-01-01\nreason='R'\n[service.alpha]",
        "unknown-runtime",
        "waiver[0]",
        "dotnet",
    ),
    "waiver without owner": (
        "[service.alpha]",
        "[[waiver]]\nruntime='dotnet'\nversion='8.0.30'\nenvironments=['prod']\nuntil=2027-01-01\nreason='R'\n[service.alpha]",
        "missing-key",
        "waiver[0].owner",
        "add it",
    ),
    "waiver without end": (
        "[service.alpha]",
        "[[waiver]]\nruntime='dotnet'\nversion='8.0.30'\nenvironments=['prod']\nowner='A'\nreason='R'\n[service.alpha]",
        "missing-key",
        "waiver[0].until",
        "add it",
    ),
    "unknown environment": (
        "[service.alpha]",
        "[environments.stagin.deadlines]\nstop_s = 1\n[service.alpha]",
        "unknown-environment",
        "environments",
        "'staging'",
    ),
    "freeze the wrong way round": (
        "[service.alpha]",
        "[[calendar.freezes]]\nstart=2027-01-02T00:00:00Z\nend=2027-01-01T00:00:00Z\nreason='R'\nenvironments=['prod']\n"
        "[service.alpha]",
        "bad-value",
        "calendar.freezes[0].end",
        "",
    ),
    "unknown template": (
        "port = 5055",
        "port = 5055\ntemplates = [{ source = 'market-dat/appsettings.json.j2', target = 'a.json' }]",
        "unknown-template",
        "service.beta.templates[0].source",
        "'market-data/appsettings.json.j2'",
    ),
    "template outside": (
        "port = 5055",
        "port = 5055\ntemplates = [{ source = '../inventories/dev.py', target = 'a.json' }]",
        "bad-path",
        "service.beta.templates[0].source",
        "",
    ),
    "target outside": (
        "port = 5055",
        "port = 5055\ntemplates = [{ source = 'market-data/appsettings.json.j2', target = '..\\\\a.json' }]",
        "bad-path",
        "service.beta.templates[0].target",
        "",
    ),
    "placeholder": (
        "port = 5055",
        "port = 5055\narguments = ['{foldr}\\\\x']",
        "unknown-placeholder",
        "service.beta.arguments[0]",
        "'folder'",
    ),
    "placeholder of no runtime": (
        "port = 5055",
        "port = 5055\nenvironment = { HOME = '{runtime}' }",
        "bad-placeholder",
        "service.beta.environment.HOME",
        "runtime",
    ),
    "fields of a TCP probe": (
        "port = 5055",
        "port = 5055\nhealth = { kind = 'tcp', version_field = 'version' }",
        "bad-value",
        "service.beta.health",
        "",
    ),
    "half a drain": (
        "port = 5055",
        "port = 5055\ndrain = { done_field = 'x' }",
        "bad-value",
        "service.beta.drain",
        "",
    ),
    "secret twice": ("port = 5055", "port = 5055\nsecrets = ['a', 'a']", "bad-value", "service.beta.secrets", ""),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_catalogue_is_refused_with_its_key(project: Project, write: Write, case: str) -> None:
    old, new, code, where, advice = BAD[case]
    assert MINIMAL.count(old) == 1
    write("inventories/system.toml", MINIMAL.replace(old, new))
    with pytest.raises(UsageError) as told:
        load_catalogue(project)
    assert [problem.code for problem in told.value.problems] == [code]
    problem = told.value.problems[0]
    assert problem.where.startswith("inventories/system.toml")
    assert where in problem.where
    assert advice in problem.next


def test_minimal_is_good(project: Project, write: Write) -> None:
    write("inventories/system.toml", MINIMAL)
    assert load_catalogue(project).service["beta"].port == 5055


def test_expected_is_told_in_words(project: Project, write: Write) -> None:
    write("inventories/system.toml", MINIMAL.replace("port = 5055", 'port = "x"'))
    with pytest.raises(UsageError, match="expected a whole number from 1 to 65535"):
        load_catalogue(project)


def test_all_problems_are_told_at_once(project: Project, write: Write) -> None:
    spoilt = MINIMAL.replace("port = 5055", "port = 5050\ndepends_on = ['gamma']").replace('"Beta"', '"Alpha"')
    write("inventories/system.toml", spoilt)
    with pytest.raises(UsageError) as told:
        load_catalogue(project)
    assert [problem.code for problem in told.value.problems] == ["duplicate-name", "port-clash", "unknown-service"]


def test_no_catalogue_is_told(project: Project) -> None:
    project.catalogue.unlink()
    with pytest.raises(UsageError, match=r"inventories/system.toml: no such file"):
        load_catalogue(project)


def test_healthy_deadline_must_outlast_the_minimum_in_every_environment(project: Project, write: Write) -> None:
    write("inventories/system.toml", MINIMAL + "[environments.staging.deadlines]\nhealthy_s = 5\n")
    with pytest.raises(UsageError) as told:
        load_catalogue(project)
    assert {problem.where.rsplit(": ", 1)[1] for problem in told.value.problems} == {
        "service.alpha.deadlines.healthy_s",
        "service.beta.deadlines.healthy_s",
    }
    assert "environments.staging.deadlines" in told.value.problems[0].next


@pytest.mark.parametrize(
    ("old", "new", "code", "text"),
    [
        ('group = "order_manager"', 'group = "order_managers"', "unknown-group", "did you mean 'order_manager'"),
        ("port = 9001", "port = 5055", "port-clash", "service.order-manager and service.market-data"),
    ],
)
def test_bad_placement_is_refused(project: Project, write: Write, old: str, new: str, code: str, text: str) -> None:
    write("inventories/system.toml", project.catalogue.read_text("utf-8").replace(old, new))
    with pytest.raises(UsageError, match=text) as told:
        place(load_catalogue(project), load_inventory(project, "dev"))
    assert [problem.code for problem in told.value.problems] == [code]


def test_a_host_without_services_is_a_warning(project: Project, write: Write) -> None:
    text = (project.inventories / "dev.py").read_text("utf-8")
    write("inventories/dev.py", text + '\nspare = ["@tswinrm/dev-spare-01"]\n')
    placement = place(load_catalogue(project), load_inventory(project, "dev"))
    assert placement["dev-spare-01"] == ()
    assert [problem.where for problem in idle_hosts(placement, "dev")] == ["inventories/dev.py: dev-spare-01"]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in items for found in ((*path, key), *_paths(item, (*path, key)))]


@given(data=st.data())
@hypothesis_settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_any_change_gives_a_catalogue_or_problems_with_a_place(data: st.DataObject) -> None:
    document = tomllib.loads(REAL.catalogue.read_text("utf-8"))
    path = data.draw(st.sampled_from(_paths(document)))
    node: Any = document
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = data.draw(_VALUES)
    assert all(problem.where.startswith("system.toml: ") and problem.what for problem in _problems(document))


def _problems(document: dict[str, Any]) -> tuple[Problem, ...]:
    try:
        parse_catalogue(document, "system.toml")
    except UsageError as exc:
        return exc.problems
    return ()
