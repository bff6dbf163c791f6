"""Reference pages and the editors' schema, written from the models: `python -m deploy.config.reference`."""

import json
import os
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined

from deploy.config.project import Project
from deploy.config.rules import RULES
from deploy.config.rules_naming import PLACEHOLDERS
from deploy.config.schema import catalogue_schema, in_words
from deploy.config.settings import PORT_OF, Settings
from deploy.model.catalogue import Catalogue

_MADE = "<!-- Written by `python -m deploy.config.reference` from the models. Edit those. -->"
_SETTINGS = """# Settings

Strongest first: option of the command, environment variable `DEPLOY_<NAME>`, `.env.<env>` in the project's folder, a
file `.deploy/secrets/<env>/settings/<name>`, group_data of the inventory (group `all`, then the environment's own),
default.
Empty variables count as not set. `invoke config.show --env ENV` shows every value with its origin, secrets masked.

Relative paths count from the project's folder. `winrm_*` keys may also stand in the data of one host or group, together
with `winrm_address` (name or address to connect to; the host's name unless set), `service_address` (where its services
listen; 127.0.0.1 unless set) and `firewall_remote` (who may reach them; LocalSubnet unless set). Every other name in
group_data is a value for templates, `settings.NAME`.
"""
_CATALOGUE = """# The catalogue

`inventories/system.toml` describes every service once. Editors that know `#:schema` complete and check it with
`docs/schemas/catalogue.schema.json`. Mistakes are refused, all at once, with key and suggestion; checked beyond the
schema: {rules}.

In `arguments` and `environment` these are filled in: {placeholders}.
"""


def pages() -> dict[str, str]:
    """Path below the project's folder → content, of everything that is written from the models."""
    return {
        "docs/settings.md": settings_page(),
        "docs/catalogue.md": catalogue_page(),
        "docs/schemas/catalogue.schema.json": json.dumps(catalogue_schema(), indent=2, sort_keys=True) + "\n",
    }


def settings_page() -> str:
    """docs/settings.md."""
    properties = Settings.model_json_schema()["properties"]
    rows = [
        f"| `{name}` | {_cell(in_words(properties[name]))} | {_setting_default(name)} | {_cell(field.description)} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(
        [_MADE, "", _SETTINGS, "| setting | value | default | meaning |", "| --- | --- | --- | --- |", *rows, ""]
    )


def catalogue_page() -> str:
    """docs/catalogue.md."""
    schema = Catalogue.model_json_schema(by_alias=True)
    checks = ", ".join(rule.__name__ for rule in RULES)
    placeholders = ", ".join(f"`{{{name}}}`" for name in PLACEHOLDERS)
    parts = [_MADE, "", _CATALOGUE.format(rules=checks, placeholders=placeholders)]
    parts += ["## The top level", "", *_keys(schema)]
    for name in sorted(schema["$defs"]):
        node = schema["$defs"][name]
        parts += [f"## {name}", "", node.get("description", ""), "", *_keys(node)]
    return "\n".join(parts)


def _keys(node: dict[str, Any]) -> list[str]:
    required = set(node.get("required", ()))
    rows = []
    for name, item in node["properties"].items():
        default = "required" if name in required else _default(item.get("default"))
        rows.append(f"| `{name}` | {_cell(_kind(item))} | {default} | {_cell(item.get('description'))} |")
    return ["| key | value | default | meaning |", "| --- | --- | --- | --- |", *rows, ""]


def _kind(item: dict[str, Any]) -> str:
    """The value in words, with a link where it is a table of its own."""
    choices = [choice for choice in item.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) == 1:
        return _kind(choices[0])
    if "$ref" in item:
        name = item["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "$ref" in item.get("items", {}):
        return f"list of {_kind(item['items'])}"
    nested = item.get("additionalProperties") or next(iter(item.get("patternProperties", {}).values()), None)
    if isinstance(nested, dict):
        return f"table of {_kind(nested)} by name"
    return in_words(item)


def _default(value: object) -> str:
    if value is None or value in ({}, [], ""):
        return "none"
    return f"`{json.dumps(value, ensure_ascii=False)}`" if not isinstance(value, dict) else "see there"


def _setting_default(name: str) -> str:
    field = Settings.model_fields[name]
    if field.default is PydanticUndefined:
        return " or ".join(f"`{port}`" for port in PORT_OF.values())
    return _default(field.default)


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")


def write(root: Path) -> None:
    """Writes all pages below `root`."""
    for name, content in pages().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")


if __name__ == "__main__":
    write(Project.find(os.environ).root)
