"""Facts about services: registration, state, process, ports and health, all probes at once."""

import threading
from typing import Any

from deploy.sandbox.engines.builtin.primitives.probe import probe
from deploy.sandbox.engines.builtin.registration import read_registration
from deploy.sandbox.engines.builtin.world import World

PREFIX = "tradingsystem-"


def services(world: World, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Section `services`: those that were asked for, then every other registered one of ours."""
    by_name = {item["name"].lower(): item for item in asked}
    ours = [name for name in world.kernel.services() if name.lower().startswith(PREFIX)]
    named = [*asked, *({"name": name} for name in sorted(ours) if name.lower() not in by_name)]
    probes = _probe_all([item.get("probe") for item in named])
    return [_service(world, item, answer) for item, answer in zip(named, probes, strict=True)]


def _service(world: World, item: dict[str, Any], answer: dict[str, Any] | None) -> dict[str, Any]:
    status = world.kernel.service_status(item["name"])
    process = world.kernel.process(status["pid"]) if status is not None and status["pid"] else None
    return {
        "name": item["name"],
        "exists": status is not None,
        "state": status["state"] if status is not None else "Absent",
        "pid": status["pid"] if status is not None else 0,
        "process": {"image": process["image"], "started": process["started"]} if process else None,
        "registration": read_registration(world.kernel, item["name"]),
        "probe": answer,
        "ports": [_port(world, port) for port in item.get("ports") or []],
    }


def _port(world: World, port: dict[str, Any]) -> dict[str, Any]:
    open_ = world.kernel.listening(port["address"], port["port"])
    return {"address": port["address"], "port": port["port"], "open": open_}


def _probe_all(wanted: list[dict[str, Any] | None]) -> list[dict[str, Any] | None]:
    """Side by side, so that three dead services cost one timeout."""
    answers: list[dict[str, Any] | None] = [None] * len(wanted)

    def ask(index: int, args: dict[str, Any]) -> None:
        try:
            answers[index] = probe(args)
        except Exception as exc:  # noqa: BLE001  # a probe that can't be carried out is a failed one
            answers[index] = {"ok": False, "status": None, "body": None, "error": str(exc)}

    threads = [
        threading.Thread(target=ask, args=(index, args), daemon=True) for index, args in enumerate(wanted) if args
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
