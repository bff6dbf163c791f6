"""The shipped templates render in every environment, on every host that has the service."""

import json

import pytest

from deploy.config.catalogue import load_catalogue
from deploy.config.hostdata import template_settings
from deploy.config.inventory import load_inventory
from deploy.config.placement import place
from deploy.config.project import Project
from deploy.model.release import Artifact
from deploy.releases.rendering import render_service
from deploy.releases.templates import Templates
from tests.unit.config.conftest import REAL, Write

TARGET = "config/appsettings.json"
ARTIFACT = Artifact("any", "1.0.0", "0" * 40, "any.exe", "0" * 64, {"any.exe": "0" * 64}, "0" * 64, 1)


def _rendered(project: Project, environment: str) -> dict[tuple[str, str], dict[str, object]]:
    inventory = load_inventory(project, environment)
    catalogue = load_catalogue(project).for_environment(environment)
    templates = Templates(project.templates)
    placement = place(catalogue, inventory)
    return {
        (host.name, slug): json.loads(
            render_service(catalogue, slug, host, environment, templates, ARTIFACT, template_settings(host)).contents[
                TARGET
            ]
        )
        for host in inventory.hosts
        for slug in placement[host.name]
    }


@pytest.mark.parametrize("environment", REAL.environments())
def test_every_template_renders_everywhere(project: Project, environment: str) -> None:
    rendered = _rendered(project, environment)
    addresses = {host.name: host.address for host in load_inventory(project, environment).hosts}
    assert len(rendered) > 3
    assert all(config["bind"] == addresses[host] for (host, _), config in rendered.items())
    orders = next(config for (_, slug), config in rendered.items() if slug == "order-manager")
    assert orders["port"] == 5055
    assert orders["brokerPasswordFile"] == r"C:\TradingSystem\secrets\TradingSystem-OrderManager\broker-password"


def test_one_value_in_group_data_changes_the_configuration_of_all_hosts(project: Project, write: Write) -> None:
    before = _rendered(project, "dev")
    path = "inventories/group_data/dev.py"
    write(path, (project.root / path).read_text("utf-8").replace('log_level = "Debug"', 'log_level = "Warning"'))
    after = _rendered(project, "dev")
    assert {config["logLevel"] for config in before.values()} == {"Debug"}
    assert after == {key: {**config, "logLevel": "Warning"} for key, config in before.items()}
