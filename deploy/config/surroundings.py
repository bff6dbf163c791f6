"""What a catalogue refers to, and how a rule tells that something isn't there."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.config.suggest import did_you_mean
from deploy.model.catalogue import Catalogue
from deploy.model.problem import Problem


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The catalogue's own file as messages show it, the environments there are, and the templates' folder."""

    where: str
    environments: tuple[str, ...]
    templates: Path


Rule = Callable[[Catalogue, Surroundings], Iterator[Problem]]


def unknown(where: str, noun: str, name: str, known: Iterable[str]) -> Problem:
    """`name` isn't among the known ones; the last word of `noun` makes the code."""
    code = f"unknown-{noun.rsplit(maxsplit=1)[-1]}"
    return Problem(code, where, f"no {noun} {name!r}", f"a {noun} that exists", did_you_mean(name, known))
