"""`invoke config.show`: every setting, its value and where it comes from."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.cli.output import Output
from deploy.config.loading import LoadedSettings, load_settings
from deploy.config.project import Project
from deploy.model.run import Exit
from deploy.model.secret import Secret

SCHEMA = "config.show/1"
MASK = "***"


def config_show(project: Project, environment: str, output: Output, environ: Mapping[str, str] | None = None) -> Exit:
    """Shows all settings; secrets are masked. Raises UsageError when one of them is wrong."""
    loaded = load_settings(project, environment, {}, os.environ if environ is None else environ)
    rows = shown_settings(loaded)
    output.document({"schema": SCHEMA, "env": environment, "settings": rows})
    if not output.as_json:
        _table(rows, output)
    return Exit.OK


def shown_settings(loaded: LoadedSettings) -> list[dict[str, Any]]:
    """`name`, `value` (JSON; secrets masked) and `origin` of each setting, in the reference's order."""
    return [
        {"name": name, "value": _shown(getattr(loaded.settings, name)), "origin": origin}
        for name, origin in loaded.origins.items()
    ]


def _shown(value: object) -> object:
    if isinstance(value, Secret):
        return MASK
    return str(value) if isinstance(value, Path) else value


def _table(rows: list[dict[str, Any]], output: Output) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("setting", "value", "origin"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(row["name"], "" if row["value"] is None else str(row["value"]), row["origin"])
    width = None if output.stdout.isatty() else 160
    Console(file=output.stdout, width=width, markup=False, highlight=False).print(table)
