"""A host in plain data: carries out steps on facts, as docs/protocol.md says, and complains about what can't be."""

import json
from dataclasses import replace
from typing import Any

from deploy.model.facts import (
    Adopted,
    AttestedRelease,
    FirewallFact,
    HostFacts,
    PathFact,
    ProbeAnswer,
    Process,
    Registration,
    RevisionFact,
    SecretFact,
    ServiceFact,
)
from deploy.model.plan import HostWave, Plan
from deploy.model.revision import Revision
from deploy.model.step import Blob, Step
from deploy.planning.closing import with_run
from deploy.planning.document import transactions
from deploy.planning.paths import program
from tests.unit.planning.fleet import AGENT


class SimulatedHost:
    """Facts that change as steps are carried out. `at` counts attestations."""

    def __init__(self, facts: HostFacts) -> None:
        self.facts = facts
        self.log: list[str] = []

    def carry_out(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            self._expect(step)
            getattr(self, "_" + step.verb.replace(".", "_"))(step.args)
            self.log.append(step.id)

    def _expect(self, step: Step) -> None:
        # A transaction checks all its expectations first; one service's first effect on its registration is its stop.
        if step.expect is None or step.verb != "service.stop":
            return
        registration = self._service(step.args["name"]).registration
        assert registration is not None, f"{step.id}: not registered"
        assert registration.image_path == step.expect["image_path"], step.id

    def _service(self, name: str) -> ServiceFact:
        return self.facts.services.get(name) or ServiceFact(name, "Stopped", 0, None, None, None, ())

    def _put_service(self, name: str, **changes: Any) -> None:
        changed = replace(self._service(name), **changes)
        self.facts = replace(self.facts, services={**self.facts.services, name: changed})

    def _put_path(self, path: str, kind: str, sha256: str = "") -> None:
        self.facts = replace(self.facts, paths={**self.facts.paths, path: PathFact(path, kind, 0, sha256, True)})

    def _dir_ensure(self, args: dict[str, Any]) -> None:
        for grant in args["acl"]["grants"]:
            name = grant.get("account", "").partition("NT SERVICE\\")[2]
            assert not name or self._service(name).registration is not None, f"{grant} resolves to nothing"
        self._put_path(args["path"], "dir")

    def _file_fetch(self, args: dict[str, Any]) -> None:
        self._put_path(args["path"], "file", args["sha256"])

    _file_put = _file_fetch

    def _folder_compose(self, args: dict[str, Any]) -> None:
        for archive in args["archives"]:
            assert self.facts.paths[archive].kind == "file", f"{archive} is not on the host"
        *_, kind, owner, name = args["dest"].split("\\")
        if kind == "runtimes":
            self.facts = replace(self.facts, runtimes=self.facts.runtimes | {(owner, name)})
            return
        blobs = {item["path"]: item["data"] for item in args["files"]}
        content = blobs["revision.json"].content
        assert isinstance(content, bytes)
        made = Revision.from_manifest(json.loads(content))
        contents = {rel: blobs[rel].content.decode() for rel in made.config}
        fact = RevisionFact(owner, args["dest"], name, made.manifest_sha256, True, made, (), contents)
        others = tuple(item for item in self.facts.revisions if item.folder != args["dest"])
        self.facts = replace(self.facts, revisions=(*others, fact))

    def _service_create(self, args: dict[str, Any]) -> None:
        if self._service(args["name"]).registration is not None:
            return
        made = Registration(
            args["image_path"], "disabled", args["account"], args["display_name"], "", (), {}, "", False, "none"
        )
        self._put_service(args["name"], registration=made)

    def _service_adopt(self, args: dict[str, Any]) -> None:
        name = args["name"]
        registration = self._service(name).registration
        assert registration is not None
        folder = program(registration.image_path).rpartition("\\")[0]
        kept = Adopted("unmanaged@0123456789ab", registration, folder, "copy")
        self.facts = replace(self.facts, adopted={**self.facts.adopted, name: kept})

    def _service_configure(self, args: dict[str, Any]) -> None:
        fact = self._service(args["name"])
        assert fact.registration is not None
        assert fact.state == "Stopped", "configured while it runs"
        values = {key: value for key, value in args.items() if key != "name"}
        values["depends_on"] = tuple(values["depends_on"])
        self._put_service(args["name"], registration=Registration(start=fact.registration.start, **values))

    def _service_start_type(self, args: dict[str, Any]) -> None:
        registration = self._service(args["name"]).registration
        assert registration is not None
        self._put_service(args["name"], registration=replace(registration, start=args["start"]))

    def _service_drain(self, args: dict[str, Any]) -> None:
        assert self._service(args["name"]).state == "Running"

    def _service_stop(self, args: dict[str, Any]) -> None:
        self._service_start_type({"name": args["name"], "start": "disabled"})
        self._put_service(args["name"], state="Stopped", pid=0, process=None, probe=None)

    def _service_start(self, args: dict[str, Any]) -> None:
        fact = self._service(args["name"])
        assert fact.registration is not None
        assert fact.registration.start != "disabled", "a disabled service doesn't start"
        image = program(fact.registration.image_path)
        answer = ProbeAnswer(True, 200, {}, None)
        self._put_service(args["name"], state="Running", pid=7, process=Process(image, "now"), probe=answer)

    def _service_healthy(self, args: dict[str, Any]) -> None:
        fact = self._service(args["name"])
        assert fact.state == "Running"
        assert fact.process is not None
        assert fact.process.image.startswith(args["folder"] + "\\")

    def _secret_put(self, args: dict[str, Any]) -> None:
        assert isinstance(args["data"], Blob)
        name = args["path"].rpartition("\\")[2]
        fact = SecretFact(args["service"], name, True, args["data"].label, True)
        self.facts = replace(self.facts, secrets={**self.facts.secrets, (args["service"], name): fact})

    def _firewall_ensure(self, args: dict[str, Any]) -> None:
        rule = FirewallFact(args["name"], True, args["port"], args["remote"], True)
        self.facts = replace(self.facts, firewall={**self.facts.firewall, args["name"]: rule})

    def _executor_install(self, _args: dict[str, Any]) -> None:
        agent = replace(self.facts.agent, task_exists=True, task_sha=AGENT)
        self.facts = replace(self.facts, agent=agent)

    def _release_attest(self, args: dict[str, Any]) -> None:
        at = f"2026-11-24T22:{len(self.facts.releases):02}:00Z"
        entry = AttestedRelease(args["release"], args["run"], at, args["status"], dict(args["revisions"]))
        self.facts = replace(self.facts, releases=(*self.facts.releases, entry))

    def _cache_prune(self, args: dict[str, Any]) -> None:
        gone = set(args["folders"]) - set(args["keep"])
        kept = tuple(item for item in self.facts.revisions if item.folder not in gone)
        paths = {path: fact for path, fact in self.facts.paths.items() if path not in gone}
        self.facts = replace(self.facts, revisions=kept, paths=paths)


def run(plan: Plan, facts: dict[str, HostFacts], run_id: str, *, close: bool = True) -> dict[str, HostFacts]:
    """The whole plan, as a driver carries it out when all goes well."""
    assert not plan.refusals, plan.refusals
    hosts = {name: SimulatedHost(fact) for name, fact in facts.items()}
    for item in plan.hosts:
        hosts[item.host].carry_out(item.stage)
    for transaction in transactions(plan):
        carry_out(hosts, transaction)
    for item in plan.hosts if close else ():
        hosts[item.host].carry_out(with_run(item.closing, run_id))
    return {name: host.facts for name, host in hosts.items()}


def carry_out(hosts: dict[str, SimulatedHost], transaction: HostWave) -> None:
    hosts[transaction.host].carry_out(transaction.steps)
