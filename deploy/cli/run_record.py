"""A run's identity, its folder, and its last words: the same for runs that were carried out and those that weren't."""

import getpass
import json
import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console

from deploy.cli.fleet import Fleet
from deploy.cli.output import Output
from deploy.cli.site import Site
from deploy.execution.clock import Clock, SystemClock, stamp
from deploy.model.check import Check
from deploy.model.plan import Plan
from deploy.model.problem import Problem
from deploy.model.run import Exit, Outcome
from deploy.releases.promotion import attested_good
from deploy.reporting.lines import Lines
from deploy.reporting.ndjson import Ndjson
from deploy.reporting.page import render_page
from deploy.reporting.recorder import Recorder
from deploy.reporting.report import RunInfo, build_report
from deploy.reporting.terminal import Terminal
from deploy.reporting.view import View


@dataclass(frozen=True)
class RunRecord:
    """One run of a plan: id, person, begin, and where its events go."""

    run: str
    who: str
    started: str
    reason: str
    site: Site
    plan: Plan
    recorder: Recorder
    output: Output

    def end(
        self,
        ended: str,
        outcome: Outcome,
        problems: Iterable[Problem],
        requests: dict[str, dict[str, int]],
        checks: Iterable[Check] = (),
    ) -> Exit:
        """Writes report.json and report.html, keeps what was seen good, says how it ended."""
        info = RunInfo(self.run, self.plan.kind, self.site.environment, self.who, self.started, ended, self.reason)
        document = build_report(info, self.plan, outcome, problems, self.recorder.events, checks, requests)
        self.recorder.finish(document, render_page(document))
        if self._seen_good(outcome):
            self._attest(ended)
        return self._tell(document)

    def leave(self, why: str) -> None:
        """The last words of a controller that does not wait for the end. Unbuffered: nothing runs after them."""
        os.write(2, f"{why}\n".encode())
        if self.output.as_json:
            ended = {"event": "end", "run": self.run, "outcome": str(Outcome.INTERRUPTED)}
            rest: dict[str, Any] = {
                "from": self.plan.previous,
                "to": self.plan.release,
                "report": None,
                "requests": {},
                "outage_s": {},
            }
            ts = stamp(SystemClock())
            document = {"schema": "event/1", "env": self.site.environment, "ts": ts, **ended, "exit": 130, **rest}
            os.write(1, json.dumps(document).encode() + b"\n")

    def _seen_good(self, outcome: Outcome) -> bool:
        """A run that found everything done says so too when the store doesn't know: its predecessor may have died."""
        if self.plan.limited or outcome not in (Outcome.COMMITTED, Outcome.UNCHANGED):
            return False
        known = attested_good(self.plan.release, self.site.store.attested(self.site.environment))
        return outcome is Outcome.COMMITTED or not known

    def _attest(self, ended: str) -> None:
        """The store's record decides promotions; the hosts' own decides rollbacks."""
        store, plan = self.site.store, self.plan
        if plan.kind == "rollback" and plan.previous and plan.previous != plan.release:
            store.attest(self.site.environment, plan.previous, self.run, ended, "bad")
        store.attest(self.site.environment, plan.release, self.run, ended, "good")

    def _tell(self, document: dict[str, Any]) -> Exit:
        """For people a summary, for programs the event `end`."""
        files = {name: str(self.recorder.folder / f"report.{name}") for name in ("json", "html")}
        text = self.output.text
        text()
        text(f"{document['outcome']}: {document['kind']} {document['from'] or 'nothing'} → {document['to']}")
        for problem in document["problems"]:
            text(f"  {problem['where']}: {problem['what']}")
            if problem["next"]:
                text(f"    next: {problem['next']}")
        if document["undo"]:
            text(f"  to undo it: {document['undo']}")
        text(f"  report: {files['html']}")
        end = {key: document[key] for key in ("env", "run", "outcome", "exit", "from", "to", "requests", "outage_s")}
        self.output.document({"schema": "event/1", "event": "end", "ts": document["ended"], **end, "report": files})
        return Exit(document["exit"])


@contextmanager
def recorded(site: Site, plan: Plan, clock: Clock, output: Output, reason: str = "") -> Iterator[RunRecord]:
    """A new run's record; its log is closed whatever happens."""
    run = run_id(site.environment, plan.kind, clock.now(), os.urandom(2).hex())
    who = f"{getpass.getuser()}@{socket.gethostname()}"
    view = choose_view(tuple(host.host for host in plan.hosts), site.environment, output)
    with Recorder(site.project.runs / run, view) as recorder:
        yield RunRecord(run, who, stamp(clock), reason, site, plan, recorder, output)


def record_without_run(
    site: Site,
    fleet: Fleet,
    plan: Plan,
    ended: tuple[Outcome, tuple[Problem, ...]],
    clock: Clock,
    output: Output,
    reason: str = "",
) -> Exit:
    """Records a plan that was refused or had nothing to do."""
    outcome, problems = ended
    with recorded(site, plan, clock, output, reason) as record:
        return record.end(stamp(clock), outcome, problems, fleet.requests())


def choose_view(hosts: tuple[str, ...], environment: str, output: Output) -> View:
    """A live board on a terminal, NDJSON for programs, plain lines otherwise."""
    if output.as_json:
        return Ndjson(output.document, environment)
    if output.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        return Terminal(hosts, Console(file=output.stdout), time.monotonic)
    return Lines(output.text)


def run_id(environment: str, kind: str, now: datetime, salt: str) -> str:
    """Sorts by time, names environment and kind, is unique."""
    return f"{now:%Y%m%dT%H%M%SZ}-{environment}-{kind}-{salt}"
