"""invoke history: the runs of an environment, from the reports that this controller kept."""

import json
from pathlib import Path
from typing import Any

from deploy.cli.command import required
from deploy.cli.output import Output
from deploy.config.project import Project
from deploy.model.run import Exit

EXAMPLE = "invoke history --env dev"


def show_history(project: Project, environment: str | None, output: Output) -> Exit:
    """Newest first. A run that left no report (its controller died) is shown as `unknown`."""
    name = required("env", environment, project.environments(), EXAMPLE)
    project.inventory(name)
    runs = [run for run in map(_run, sorted(project.runs.glob("*-*-*-*/"), reverse=True)) if run["env"] == name]
    shown = [{key: run[key] for key in ("id", "kind", "who", "from", "to", "plan", "outcome")} for run in runs]
    output.document({"schema": "history/1", "env": name, "runs": shown})
    for run in shown:
        output.text(
            f"{run['id']:<36} {run['kind']:<9} {run['from'] or '-':<10} → {run['to'] or '-':<10}"
            f" {run['outcome']:<12} {run['who']}"
        )
    if not shown:
        output.text(f"no run of {name} yet")
    return Exit.OK


def _run(folder: Path) -> dict[str, Any]:
    """A run's row. One without a report is known by its name alone: it is still going on, or its controller died."""
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        _, *environment, kind, _ = folder.name.split("-")
        unknown = dict.fromkeys(("from", "to", "plan"))
        named = {"id": folder.name, "env": "-".join(environment), "kind": kind}
        return {**named, "who": "", **unknown, "outcome": "unknown"}
    return {"id": report["run"], **report, "plan": report["plan"]["hash"]}
