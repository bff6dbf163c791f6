"""docs/commands.md says what tasks.py does."""

from pathlib import Path

import pytest
from invoke.collection import Collection
from invoke.tasks import task as make_task

import tasks
from deploy.cli.commands_page import EXIT_MEANINGS, PAGE, commands_page
from deploy.model.run import Exit

NAMES = sorted(tasks.namespace.task_names)


def test_the_page_is_up_to_date() -> None:
    written = (Path(__file__).parents[3] / PAGE).read_text("utf-8")
    assert written == commands_page(tasks.namespace), "run: python -m deploy.cli.commands_page"


def test_every_option_is_explained() -> None:
    rows = [line for line in commands_page(tasks.namespace).splitlines() if line.startswith("| `--")]
    assert len(rows) > len(NAMES)
    assert [row for row in rows if not row.split(" | ")[-1].strip(" |")] == []


def test_every_exit_code_is_explained() -> None:
    assert list(EXIT_MEANINGS) == list(Exit)


@pytest.mark.parametrize("name", NAMES)
def test_a_task_is_complete(name: str) -> None:
    task = tasks.namespace[name]
    assert list(task.positional) == [], "with positional parameters, --help would run it"
    assert f"Example: invoke {name}" in (task.__doc__ or "")


def test_a_task_without_an_example_is_refused() -> None:
    @make_task(positional=[])
    def bare(c: object) -> None:
        """Does nothing."""

    namespace = Collection(bare)
    with pytest.raises(AssertionError, match="bare has no example"):
        commands_page(namespace)
