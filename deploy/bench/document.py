"""The JSON document of a bench: every key is always there, null with its reason where an engine can't measure it."""

from dataclasses import asdict, fields
from typing import Any

from deploy.bench.comparison import Comparison
from deploy.bench.figures import Figures

SCHEMA = "bench/1"
FIGURES = tuple(item.name for item in fields(Figures))
RATIOS = ("ratio_seconds_to_naive", "ratio_seconds_to_ansible")
NO_SCRIPTS = "the built-in engine runs no PowerShell scripts: invoke bench --engine powershell"
NO_FIGURES = "it is measured on the built-in engine: invoke bench"


def figures_document(figures: Figures, environment: str) -> dict[str, Any]:
    """Of a run on the built-in engine."""
    return _document("builtin", environment, asdict(figures), None, dict.fromkeys(RATIOS, NO_SCRIPTS))


def comparison_document(found: Comparison) -> dict[str, Any]:
    """Of a run on the powershell engine."""
    ratios = {name: getattr(found, name) for name in RATIOS}
    reasons = dict.fromkeys(FIGURES, NO_FIGURES)
    if isinstance(found.ansible, str):
        reasons["ratio_seconds_to_ansible"] = found.ansible
    rounded = {name: None if ratio is None else round(ratio, 3) for name, ratio in ratios.items()}
    return _document("powershell", None, rounded, found.as_json(), reasons)


def _document(
    engine: str,
    environment: str | None,
    measured: dict[str, Any],
    comparison: dict[str, Any] | None,
    reasons: dict[str, str],
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "env": environment,
        "engine": engine,
        **{name: measured.get(name) for name in (*FIGURES, *RATIOS)},
        "comparison": comparison,
        "not_measured": reasons,
    }
