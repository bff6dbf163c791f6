"""All sections; one that fails says so and is never read as absence."""

from collections.abc import Callable
from typing import Any

from deploy.sandbox.engines.builtin.facts import files, host, services, transactions
from deploy.sandbox.engines.builtin.faults import wire_error
from deploy.sandbox.engines.builtin.world import World

Section = Callable[[World, dict[str, Any], bytes], Any]

SECTIONS: dict[str, Section] = {
    "host": lambda world, _args, _key: host.system(world),
    "agent": lambda world, _args, _key: host.agent(world),
    "lock": lambda world, _args, _key: host.lock(world),
    "services": lambda world, args, _key: services.services(world, args.get("services", [])),
    "revisions": lambda world, args, _key: files.revisions(world, deep=bool(args.get("deep"))),
    "runtimes": lambda world, args, _key: files.runtimes(world, args.get("runtimes_dir")),
    "secrets": lambda world, args, key: files.secrets(world, args.get("secrets", []), key),
    "paths": lambda world, args, _key: files.paths(world, args.get("paths", [])),
    "firewall": lambda world, args, _key: host.firewall(world, args.get("firewall", [])),
    "transactions": lambda world, _args, _key: transactions.open_transactions(world),
    "releases": lambda world, _args, _key: transactions.releases(world),
    "adopted": lambda world, _args, _key: files.adopted(world),
}


def gather(world: World, args: dict[str, Any], key: bytes) -> dict[str, Any]:
    """Section → `{ok, value}` or `{ok, error}`; `key` is that of the secrets' digests."""
    return {name: _section(section, world, args, key) for name, section in SECTIONS.items()}


def _section(section: Section, world: World, args: dict[str, Any], key: bytes) -> dict[str, Any]:
    try:
        return {"ok": True, "value": section(world, args, key)}
    except Exception as exc:  # noqa: BLE001  # one broken section must not hide the others
        return {"ok": False, "error": wire_error(exc).as_json()}
