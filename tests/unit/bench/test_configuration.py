"""What each way decides about a configuration file."""

import base64
import hashlib
import re

import pytest

from deploy.bench.configuration import configuration_files, missing_step, naive_script
from deploy.model.facts import PathFact
from deploy.model.step import Blob

(FILE,) = configuration_files(1)
RIGHT = hashlib.sha256(FILE.content).hexdigest()


@pytest.mark.parametrize(
    ("fact", "needed"),
    [
        (PathFact(FILE.path, "file", len(FILE.content), RIGHT, False), False),
        (PathFact(FILE.path, "file", len(FILE.content), "0" * 64, False), True),
        (PathFact(FILE.path, "absent", 0, "", False), True),
        (PathFact(FILE.path, "dir", 0, RIGHT, False), True),
        (None, True),
    ],
)
def test_a_step_is_needed_unless_the_file_is_right(fact: PathFact | None, needed: bool) -> None:
    steps = missing_step(FILE, fact)
    assert len(steps) == needed
    for step in steps:
        assert (step.verb, step.args["path"], step.args["sha256"]) == ("file.put", FILE.path, RIGHT)
        assert step.args["data"] == Blob(RIGHT, FILE.content)


def test_the_script_looks_for_the_same_file_and_writes_the_same_bytes() -> None:
    script = naive_script(FILE)
    assert f"$path = '{FILE.path}'" in script
    assert f"-ne '{RIGHT.upper()}'" in script
    written = re.search(r"FromBase64String\('([^']+)'\)", script)
    assert written is not None
    assert base64.b64decode(written[1]) == FILE.content


def test_all_files_differ() -> None:
    files = configuration_files(100)
    assert len({file.path for file in files}) == len({file.content for file in files}) == 100
