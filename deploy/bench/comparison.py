"""What three ways to the same desired state cost on one host, in one run, and how that is shown. Pure."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from deploy.bench.figures import Line


@dataclass(frozen=True, slots=True)
class Pass:
    """Once over all resources. Requests as the host's server counted them, PowerShells as the host started them."""

    requests: int
    powershell_starts: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Way:
    """`noop`: everything is right already; `change`: nothing is there."""

    noop: Pass
    change: Pass

    @property
    def seconds(self) -> float:
        """Of both passes."""
        return self.noop.seconds + self.change.seconds


@dataclass(frozen=True, slots=True)
class Comparison:
    """`naive` is pywinrm's `run_ps`; `ansible` is what its `raw` cost, or why that was not measured."""

    resources: int
    naive: Way
    ansible: Way | str
    ours: Way

    @property
    def ratio_seconds_to_naive(self) -> float:
        """Our seconds for each of its seconds, no-op and change together."""
        return self.ours.seconds / self.naive.seconds

    @property
    def ratio_seconds_to_ansible(self) -> float | None:
        """The same against Ansible; None where that was not measured."""
        return None if isinstance(self.ansible, str) else self.ours.seconds / self.ansible.seconds

    def ways(self) -> Iterator[tuple[str, Way | str]]:
        """Each with its name for people."""
        yield "pywinrm run_ps, one a resource", self.naive
        yield "Ansible raw, one task a resource", self.ansible
        yield "ours, one worker", self.ours

    def as_json(self) -> dict[str, Any]:
        """The part of the document; seconds in hundredths."""
        named = {"naive": self.naive, "ansible": self.ansible, "ours": self.ours}
        return {
            "resources": self.resources,
            **{name: None if isinstance(way, str) else _way_as_json(way) for name, way in named.items()},
        }


def ratio_lines(found: Comparison) -> tuple[Line, ...]:
    """The ratios, judged: who is slower than a naive tool has no reason to be."""
    return (
        _ratio_line("seconds, ours to pywinrm's", found.ratio_seconds_to_naive, ""),
        _ratio_line("seconds, ours to Ansible's", found.ratio_seconds_to_ansible, "not measured"),
    )


def comparison_table(found: Comparison) -> Iterator[str]:
    """All of it for people, without the ratios."""
    yield f"{found.resources} configuration files on one host of the powershell engine, three ways, one after the other"
    yield ""
    yield f"{'':<34}{'no-op check':>28}{'change of all':>32}"
    columns = f"{'requests':>10}{'PowerShells':>13}{'s':>7}"
    yield f"{'':<34}{columns}  {columns}"
    for name, way in found.ways():
        cells = f"    not measured: {way}" if isinstance(way, str) else f"{_cells(way.noop)}  {_cells(way.change)}"
        yield f"{name:<34}{cells}"


def _ratio_line(what: str, ratio: float | None, otherwise: str) -> Line:
    if ratio is None:
        return Line(what, "< 1", otherwise, None)
    return Line(what, "< 1", f"{ratio:.2f}", ratio < 1)


def _cells(item: Pass) -> str:
    return f"{item.requests:>10}{item.powershell_starts:>13}{item.seconds:>7.1f}"


def _way_as_json(way: Way) -> dict[str, Any]:
    return {
        name: {**asdict(item), "seconds": round(item.seconds, 2)}
        for name, item in (("noop", way.noop), ("change", way.change))
    }
