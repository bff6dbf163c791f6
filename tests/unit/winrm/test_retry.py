"""The retry table, and settings that may not be."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from deploy.model.problem import UsageError
from deploy.model.secret import Secret
from deploy.winrm.endpoint import Endpoint
from deploy.winrm.errors import NEXT, Kind
from deploy.winrm.retry import FAULTS, TABLE, Do, Operation, decide

CASES = [
    (Kind.UNREACHABLE, Operation.COMMAND, 0, Do.AGAIN, False),
    (Kind.UNREACHABLE, Operation.COMMAND, 2, Do.STOP, False),
    (Kind.LOGIN_REFUSED, Operation.CREATE, 0, Do.AGAIN, False),
    (Kind.LOGIN_REFUSED, Operation.CREATE, 1, Do.STOP, False),
    (Kind.LOGIN_REFUSED, Operation.SEND, 0, Do.STOP, False),
    (Kind.STALE_LOGIN, Operation.SEND, 0, Do.AGAIN, False),
    (Kind.TOO_LARGE, Operation.SEND, 0, Do.HALVE, False),
    (Kind.TOO_LARGE, Operation.COMMAND, 0, Do.STOP, False),
    (Kind.NOTHING_YET, Operation.RECEIVE, 99, Do.GO_ON, True),
    (Kind.NOTHING_YET, Operation.SEND, 0, Do.GO_ON, True),
    (Kind.BUSY, Operation.SEND, 2, Do.AGAIN, False),
    (Kind.BUSY, Operation.SEND, 3, Do.STOP, False),
    (Kind.LOST, Operation.RECEIVE, 0, Do.AGAIN, True),
    (Kind.LOST, Operation.CREATE, 0, Do.AGAIN, True),
    (Kind.LOST, Operation.COMMAND, 0, Do.STOP, True),
    (Kind.LOST, Operation.SEND, 0, Do.STOP, True),
    (Kind.SHELL_GONE, Operation.RECEIVE, 0, Do.STOP, True),
    (Kind.QUOTA, Operation.CREATE, 0, Do.AGAIN, False),
    (Kind.QUOTA, Operation.COMMAND, 0, Do.STOP, False),
    (Kind.DENIED, Operation.CREATE, 0, Do.STOP, False),
    (Kind.SCHEMA, Operation.CREATE, 0, Do.STOP, False),
]


@pytest.mark.parametrize(("kind", "operation", "attempt", "do", "started"), CASES)
def test_table(kind: Kind, operation: Operation, attempt: int, do: Do, started: bool) -> None:
    action = decide(kind, operation, attempt)
    assert (action.do, action.started) == (do, started)


@pytest.mark.parametrize("operation", [Operation.SEND, Operation.COMMAND])
def test_what_may_have_run_is_never_repeated(operation: Operation) -> None:
    for kind in Kind:
        action = decide(kind, operation, 0)
        assert not (action.started and action.do is Do.AGAIN)


def test_every_repetition_ends() -> None:
    for row in TABLE:
        for operation in row.operations:
            assert decide(row.kind, operation, 10).do is not Do.AGAIN


def test_busy_waits_five_seconds() -> None:
    assert decide(Kind.BUSY, Operation.SEND, 0).after_s == 5


def test_quota_faults_are_quotas() -> None:
    assert {code for code, kind in FAULTS.items() if kind is Kind.QUOTA} == {
        2150859173, 2150859174, 2150859179, 2150859236, 2150859238, 2150859240, 2150859241,
    }  # fmt: skip
    assert Kind.QUOTA in NEXT


GOOD = Endpoint("web01", "10.0.0.1", user="u", password=Secret("p"))


@pytest.mark.parametrize(
    "changes",
    [
        {"scheme": "http", "login": "basic"},
        {"scheme": "http", "login": "certificate", "certificate": Path("c"), "certificate_key": Path("k")},
        {"scheme": "ftp"},
        {"login": "certificate"},
        {"login": "ntlm", "password": None},
        {"login": "basic", "user": ""},
    ],
)
def test_settings_that_would_not_be_safe_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"^web01: "):
        dataclasses.replace(GOOD, **changes)


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "https://10.0.0.1:5986/wsman"),
        ({"scheme": "http"}, "http://10.0.0.1:5985/wsman"),
        ({"address": "fe80::1", "port": 15986}, "https://[fe80::1]:15986/wsman"),
    ],
)
def test_url(changes: dict[str, Any], url: str) -> None:
    assert dataclasses.replace(GOOD, **changes).url == url
