"""What a bench found, its budgets (docs/performance.md), and how both are shown."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from deploy.bench.costs import Costs
from deploy.bench.naive import COMMANDS


@dataclass(frozen=True, slots=True)
class Figures:
    """The keys of the JSON document. Requests are HTTP requests, those of the login too."""

    noop_requests_per_host: int
    change_requests_per_resource: float
    cutover_requests_per_host: float
    """Per host and wave; a wave of over 20 s may have one waiting Receive more for each further 20 s."""
    naive_noop_requests_per_host: int
    pull_ratio_to_get: float
    push_mb_per_s: float
    outage_beyond_stop_start_s: float


@dataclass(frozen=True, slots=True)
class Findings:
    """The figures, and what else is shown beside them. `resources`: how many the host has."""

    figures: Figures
    resources: int
    noop_requests_seen: int
    """The same no-op deploy, counted by the host's server."""
    pypsrp_requests: int | None
    rollback_beyond_stop_start_s: float
    runs: Mapping[str, Costs]
    """Run → phase → cost."""


@dataclass(frozen=True, slots=True)
class Line:
    """One figure against its budget; without a budget it is only told."""

    what: str
    budget: str
    measured: str
    ok: bool | None


def lines(found: Findings) -> tuple[Line, ...]:
    """Every figure, judged."""
    figures = found.figures
    noop, seen, change = figures.noop_requests_per_host, found.noop_requests_seen, figures.change_requests_per_resource
    cutover, rollback_s = figures.cutover_requests_per_host, found.rollback_beyond_stop_start_s
    ratio, push, outage_s = figures.pull_ratio_to_get, figures.push_mb_per_s, figures.outage_beyond_stop_start_s
    resources = found.resources
    budgets = (
        Line(f"no-op deploy of {resources} resources, requests", "≤ 12", f"{noop}", noop <= 12 and resources >= 40),
        Line("  the same, counted by the host's server", f"= {noop}", f"{seen}", seen == noop),
        Line("changed resource, requests", "≤ 2", f"{change:.2f}", change <= 2),
        Line("cutover, requests per host and wave", "≤ 4", f"{cutover:.2f}", cutover <= 4),
        Line("pull by the host, times a plain GET", "≤ 2", f"{ratio:.2f}", ratio <= 2),
        Line("push through the shell, MB/s", "≥ 15", f"{push:.1f}", push >= 15),
        Line("outage beyond own stop + start, s", "< 1", f"{outage_s:.2f}", outage_s < 1),
        Line("rollback of a host beyond stop + start, s", "< 15", f"{rollback_s:.1f}", rollback_s < 15),
    )
    naive = figures.naive_noop_requests_per_host
    pypsrp = "not installed" if found.pypsrp_requests is None else str(found.pypsrp_requests)
    return (
        *budgets,
        Line(f"pywinrm, {COMMANDS} commands, requests", "", f"{naive}", None),
        Line(f"pypsrp, {COMMANDS} commands, requests", "", pypsrp, None),
    )


def within_budget(judged: Iterable[Line]) -> bool:
    """Whether every budget holds."""
    return all(line.ok is not False for line in judged)


def budget_table(judged: Iterable[Line]) -> Iterator[str]:
    """Lines for people."""
    yield f"{'':<52}{'budget':>10}{'measured':>14}"
    for line in judged:
        verdict = {True: "ok", False: "OVER", None: ""}[line.ok]
        yield f"{line.what:<52}{line.budget:>10}{line.measured:>14}  {verdict}".rstrip()


def table(found: Findings) -> Iterator[str]:
    """All of it for people."""
    yield from budget_table(lines(found))
    yield ""
    yield f"{'':<18}{'phase':<10}{'requests':>10}{'bytes sent':>14}{'received':>12}"
    for run, costs in found.runs.items():
        for phase, cost in costs.items():
            yield f"{run:<18}{phase:<10}{cost.requests:>10}{cost.sent_bytes:>14}{cost.received_bytes:>12}"
