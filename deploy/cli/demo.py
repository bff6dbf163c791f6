"""invoke demo: the product's story on three simulated hosts, told by the real commands."""

import json
import shutil
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.cli.output import Output
from deploy.cli.playground import Answer, Playground
from deploy.config.project import Project
from deploy.model.run import Exit

PREFIX = "127.0.20"
TRADE_1, TRADE_2, GATEWAY = "dev-trade-01", "dev-trade-02", "dev-gateway-01"
SERVICES = ((11, 5050), (11, 5055), (11, 9001), (12, 5050), (12, 9001), (13, 8000))
"""Last part of the address, and port, of everything that answers /health."""
PATIENCE_S = 60.0


class NotTrue(Exception):  # noqa: N818  # a chapter's claim, not an error of the program
    """A chapter of the story did not come true."""


def run_demo(project: Project, report: str | None, output: Output) -> Exit:
    """Tells the story; 3 when a chapter did not come true. Nothing is left running; the runs' reports are kept."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="trading-deploy-demo-") as scratch:
        story = Story(Playground(Path(scratch), PREFIX), output)
        told = story.tell()
        kept = _keep(Path(scratch) / ".deploy" / "runs", Path(report) if report else project.state / "demo")
    output.text()
    if told:
        output.text(f"Every chapter came true, in {time.monotonic() - begun:.0f} s; nothing is left running.")
        output.text(f"A report worth a look, of the rollback: {kept}")
    return Exit.OK if told else Exit.FAILED


class Story:
    """Chapters in order; each types commands and looks whether what it claims is so."""

    def __init__(self, playground: Playground, output: Output) -> None:
        self._playground, self._output = playground, output

    def tell(self) -> bool:
        """All chapters, until one does not come true. The fleet is ended in any case."""
        chapters = (
            ("Three Windows hosts, simulated: real WS-Man, real processes, real ports", self._up),
            ("The first release goes out", self._first),
            ("The second one: plan, deploy, and deploy again", self._second),
            ("A broken release undoes itself", self._broken),
            ("A host loses its power in mid-cutover, and mends itself", self._power),
            ("Rollback takes seconds", self._rollback),
            ("testinfra confirms the end state", self._verify),
        )
        try:
            for number, (title, chapter) in enumerate(chapters, 1):
                self._output.text(f"\n{number}. {title}")
                chapter()
        except NotTrue as exc:
            self._output.text(f"   NOT TRUE: {exc}")
            return False
        finally:
            self._type("sandbox.down")
        return self._nothing_left()

    # -- chapters -------------------------------------------------------------------------------------------------

    def _up(self) -> None:
        self._must(self._type("sandbox.up"), Exit.OK)
        for version, folder in (("1.0.0", "1.0.0"), ("1.1.0", "1.1.0"), ("1.2.0", "1.2.0-broken")):
            source = f".deploy/sandbox/dev/samples/{folder}"
            self._must(self._type("release.build", "--version", version, "--source", source), Exit.OK)

    def _first(self) -> None:
        end = self._deploy("1.0.0", Exit.OK)
        self._claim(end["outcome"] == "committed", "the deploy committed")
        self._all_answer("1.0.0")

    def _second(self) -> None:
        self._must(self._type("plan", "--env", "dev", "--release", "1.1.0"), Exit.OK)
        self._deploy("1.1.0", Exit.OK)
        self._all_answer("1.1.0")
        again = self._deploy("1.1.0", Exit.OK)
        self._claim(again["outcome"] == "unchanged", "deploying what is there already changes nothing")

    def _broken(self) -> None:
        end = self._deploy("1.2.0", Exit.FAILED)
        self._claim(end["outcome"] == "undone", "the broken release was undone, exit code 3")
        self._all_answer("1.1.0")

    def _power(self) -> None:
        self._must(self._type("sandbox.fault", "--host", TRADE_1, "--kind", "power-off", "--step", "acted:2"), Exit.OK)
        deploy = self._playground.start("deploy", "--env", "dev", "--release", "1.0.0", "--yes", "--json")
        self._said("deploy --env dev --release 1.0.0 --yes")
        try:
            self._until(lambda: self._power_of(TRADE_1) == "off", f"{TRADE_1} lost its power in mid-cutover")
            self._must(self._type("sandbox.power", "--host", TRADE_1, "--on"), Exit.OK)
            stdout, stderr = deploy.communicate(timeout=PATIENCE_S * 3)
        finally:
            deploy.kill()
        end = Answer(deploy.returncode, stdout, stderr).document()
        self._claim(end["outcome"] == "undone", f"its transaction was undone by itself; exit code {deploy.returncode}")
        self._all_answer("1.1.0")

    def _rollback(self) -> None:
        begun = time.monotonic()
        self._said("rollback --env dev --yes")
        answer = self._playground.invoke("rollback", "--env", "dev", "--yes", "--json")
        self._must(answer, Exit.OK)
        end = answer.document()
        self._claim(end["to"] == "1.0.0", f"back on 1.0.0 everywhere, in {time.monotonic() - begun:.0f} s")
        worst = max(seconds for services in end["outage_s"].values() for seconds in services.values())
        self._claim(worst < PATIENCE_S, f"the longest outage of a service was {worst:.2f} s")
        self._all_answer("1.0.0")

    def _verify(self) -> None:
        answer = self._playground.invoke("verify", "--env", "dev", "--json")
        self._said("verify --env dev")
        self._must(answer, Exit.OK)
        checks = answer.document()["checks"]
        self._claim(all(check["result"] == "passed" for check in checks), f"{len(checks)} checks passed")

    # -- means ----------------------------------------------------------------------------------------------------

    def _deploy(self, release: str, code: Exit) -> dict[str, Any]:
        self._said(f"deploy --env dev --release {release} --yes")
        answer = self._playground.invoke("deploy", "--env", "dev", "--release", release, "--yes", "--json")
        self._must(answer, code)
        return answer.document()

    def _type(self, *words: str) -> Answer:
        self._said(" ".join(words))
        return self._playground.invoke(*words)

    def _said(self, words: str) -> None:
        self._output.text(f"   $ invoke {words}")

    def _must(self, answer: Answer, code: Exit) -> None:
        if answer.code != int(code):
            raise NotTrue(f"exit code {answer.code}, not {int(code)}:\n{answer.stdout[-2000:]}{answer.stderr[-2000:]}")

    def _claim(self, true: bool, what: str) -> None:
        if not true:
            raise NotTrue(what)
        self._output.text(f"   ✓ {what}")

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise NotTrue(f"{what}, within {PATIENCE_S:.0f} s")
            time.sleep(0.1)
        self._output.text(f"   ✓ {what}")

    def _power_of(self, host: str) -> str:
        hosts = self._playground.invoke("sandbox.status", "--json").document()["hosts"]
        return next(str(item["power"]) for item in hosts if item["name"] == host)

    def _all_answer(self, version: str) -> None:
        told = [self._version(number, port) for number, port in SERVICES]
        self._claim(set(told) == {version}, f"all {len(told)} services answer with {version}")

    def _version(self, number: int, port: int) -> str:
        address = f"http://{self._playground.address(number)}:{port}/health"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # a loopback address of ours
                return str(json.load(answer)["version"])
        except (OSError, ValueError) as exc:
            return f"{address}: {exc}"

    def _nothing_left(self) -> bool:
        listening = [f"{number}:{port}" for number, port in SERVICES if not self._closed(number, port)]
        if listening:
            self._output.text(f"   NOT TRUE: still listening: {', '.join(listening)}")
        return not listening

    def _closed(self, number: int, port: int) -> bool:
        try:
            urllib.request.urlopen(f"http://{self._playground.address(number)}:{port}/", timeout=2).close()
        except urllib.error.HTTPError:
            return False
        except OSError:
            return True
        return False


def _keep(runs: Path, folder: Path) -> str:
    """Copies the runs' folders to where they can be looked at; gives the newest page."""
    runs.mkdir(parents=True, exist_ok=True)
    shutil.copytree(runs, folder, dirs_exist_ok=True)
    return str(max(folder.glob("*/report.html"), key=lambda path: path.parent.name, default=folder))
