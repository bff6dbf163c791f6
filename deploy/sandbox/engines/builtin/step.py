"""A step as it arrives: its form checked, its data arguments turned into files, its expectation compared."""

from typing import Any

from deploy.sandbox.engines.builtin.primitives.table import primitive_of
from deploy.sandbox.engines.builtin.registration import read_registration
from deploy.sandbox.engines.builtin.subset import is_subset
from deploy.sandbox.engines.builtin.world import World
from deploy.wire.errors import WireError

Step = dict[str, Any]
_FORM: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "verb": (str,),
    "args": (dict,),
    "expect": (dict, type(None)),
    "deadline_s": (int, float),
}


def checked_steps(value: object, streams: int) -> list[Step]:
    """Steps of a request with `{"data": n}` replaced by `{"file": "data-n"}`; raises WireError `bad-request`."""
    if not isinstance(value, list):
        raise WireError("bad-request", "steps: expected a list")
    steps = [_checked(step, streams) for step in value]
    names = [step["id"] for step in steps]
    if len(set(names)) != len(names):
        raise WireError("bad-request", "two steps have the same id", actual=names)
    for step in steps:
        primitive_of(step)
    return steps


def _checked(step: object, streams: int) -> Step:
    if not isinstance(step, dict):
        raise WireError("bad-request", f"{step!r} is no step")
    full = {"expect": None, "deadline_s": 30, **step}
    for name, types in _FORM.items():
        if not isinstance(full.get(name), types):
            raise WireError("bad-request", f"step {full.get('id')!r}: {name} is missing or wrong", where=name)
    return {name: full[name] for name in _FORM} | {"args": _with_files(full["args"], streams)}


def _with_files(value: Any, streams: int) -> Any:
    if isinstance(value, list):
        return [_with_files(item, streams) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"data"} and isinstance(number := value["data"], int):
        if not 0 <= number < streams:
            raise WireError("bad-request", f"there is no data stream {number}", expected=f"below {streams}")
        return {"file": f"data-{number}"}
    return {name: _with_files(item, streams) for name, item in value.items()}


def check_expectation(world: World, step: Step) -> None:
    """Raises WireError `unexpected-state` when the service isn't registered as the step expects."""
    expected = step["expect"]
    if not expected:
        return
    name = step["args"].get("name")
    if not isinstance(name, str):
        raise WireError("bad-request", "expect: only steps with args.name can expect", where=step["id"])
    found = read_registration(world.kernel, name)
    actual: dict[str, Any] = {"exists": found is not None, **(found or {})}
    if "state" in expected:
        status = world.kernel.service_status(name)
        actual["state"] = status["state"] if status else None
    wrong = {field: actual.get(field) for field, value in expected.items() if not is_subset(value, actual.get(field))}
    if wrong:
        raise WireError(
            "unexpected-state",
            f"service {name!r} is not as planned: {', '.join(sorted(wrong))}",
            where=step["id"],
            expected={field: expected[field] for field in wrong},
            actual=wrong,
        )
