"""The catalogue's JSON Schema, and what it says about one place in the file."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from deploy.model.catalogue import Catalogue

Location = tuple[int | str, ...]


def catalogue_schema() -> dict[str, Any]:
    """JSON Schema of system.toml, for editors: the models' own, under the dialect it is written in."""
    return {"$schema": GenerateJsonSchema.schema_dialect, **Catalogue.model_json_schema()}


def schema_of(model: type[BaseModel], location: Location) -> dict[str, Any]:
    """The part of the model's schema that describes the place; {} for a place that it doesn't know."""
    root = model.model_json_schema()
    node = root
    for part in location:
        node = _child(root, _resolved(root, node), part)
    return _resolved(root, node)


def keys_of(node: dict[str, Any]) -> tuple[str, ...]:
    """The keys that an object may have."""
    return tuple(node.get("properties", ()))


def in_words(node: dict[str, Any]) -> str:
    """What a value must be, such as `a whole number from 1 to 65535`."""
    if "const" in node:
        return repr(node["const"])
    if "enum" in node:
        return "one of " + ", ".join(map(str, node["enum"]))
    if "anyOf" in node:
        return " or ".join(dict.fromkeys(in_words(item) for item in node["anyOf"] if item.get("type") != "null"))
    words = _TYPES.get((node.get("type"), node.get("format")), _TYPES.get((node.get("type"), None), "a value"))
    return words + _limits(node)


_TYPES: dict[tuple[object, object], str] = {
    ("string", None): "text",
    ("string", "date"): "a date such as 2027-03-31",
    ("string", "time"): "a time such as 09:00:00",
    ("string", "date-time"): "a time with its zone, such as 2027-03-31T09:00:00-03:00",
    ("integer", None): "a whole number",
    ("number", None): "a number",
    ("boolean", None): "true or false",
    ("array", None): "a list",
    ("object", None): "a table",
}


def _limits(node: dict[str, Any]) -> str:  # noqa: PLR0911  # one line for each kind of limit
    if "pattern" in node:
        return f" matching {node['pattern']}"
    if "items" in node:
        return f" of: {in_words(node['items'])}" if "$ref" not in node["items"] else " of tables"
    least, most = node.get("minimum"), node.get("maximum")
    if least is not None and most is not None:
        return f" from {least} to {most}"
    if least is not None:
        return f", at least {least}"
    if "exclusiveMinimum" in node:
        above = f", above {node['exclusiveMinimum']}"
        return above + (f" and below {node['exclusiveMaximum']}" if "exclusiveMaximum" in node else "")
    if node.get("minLength") or node.get("minItems") or node.get("minProperties"):
        return ", not empty"
    return ""


def _child(root: dict[str, Any], node: dict[str, Any], part: int | str) -> dict[str, Any]:
    if isinstance(part, int):
        items = node.get("items", {})
        return items if isinstance(items, dict) else {}
    found = node.get("properties", {}).get(part)
    if found is None:
        by_pattern = list(node.get("patternProperties", {}).values())
        found = by_pattern[0] if by_pattern else node.get("additionalProperties")
    return found if isinstance(found, dict) else {}


def _resolved(root: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follows a reference, also one that is wrapped because the value may be missing."""
    choices = [item for item in node.get("anyOf", ()) if item.get("type") != "null"]
    if len(choices) == 1:
        return _resolved(root, choices[0])
    if "$ref" in node:
        return _resolved(root, root["$defs"][node["$ref"].rsplit("/", 1)[1]])
    return node
