import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from deploy.config import catalogue
from deploy.config.reference import pages
from deploy.config.schema import catalogue_schema, in_words, schema_of
from deploy.model.catalogue import Catalogue
from tests.unit.config.conftest import REAL


@pytest.mark.parametrize("name", pages())
def test_written_pages_are_up_to_date(name: str) -> None:
    written = (REAL.root / name).read_text("utf-8")
    assert written == pages()[name], "run: python -m deploy.config.reference"


def test_the_editors_schema_accepts_the_real_catalogue_and_nothing_misspelt() -> None:
    document = json.loads(json.dumps(catalogue.load_catalogue(REAL).model_dump(mode="json", by_alias=True)))
    validator = Draft202012Validator(catalogue_schema())
    assert not list(validator.iter_errors(document))
    document["service"]["order-manager"]["prot"] = 1
    assert list(validator.iter_errors(document))


@pytest.mark.parametrize(
    ("location", "words"),
    [
        (("service", "x", "port"), "a whole number from 1 to 65535"),
        (("service", "x", "kind"), "one of windows, container"),
        (("service", "x", "runtime"), "text matching ^[a-z][a-z0-9-]{0,39}$"),
        (("service", "x", "templates"), "a list of tables"),
        (("service", "x", "slo_percent"), "a number, above 0 and below 100"),
        (("host", "broker", "max_latency_ms"), "a number, above 0"),
        (("waiver", 0, "until"), "a date such as 2027-03-31"),
        (("format",), "1"),
        (("nowhere", "at", "all"), "a value"),
    ],
)
def test_schema_in_words(location: tuple[int | str, ...], words: str) -> None:
    assert in_words(schema_of(Catalogue, location)) == words


def test_compose_holds_the_catalogues_containers_on_their_ports() -> None:
    compose = yaml.safe_load((REAL.compose / "auxiliary.yml").read_text("utf-8"))
    published = {name: [item.split(":")[0] for item in part["ports"]] for name, part in compose["services"].items()}
    services = catalogue.load_catalogue(REAL).service.values()
    assert published == {item.name: [str(item.port)] for item in services if item.kind == "container"}
