"""Starting a worker: section 1."""

from tests.contract.connection import sha256
from tests.contract.host_half import HostHalf


def agent_file(host: HostHalf, sha: str) -> str:
    return rf"{host.root}\infrastructure\agent\{sha}.psm1"


def test_the_module_is_asked_for_once_and_kept(host: HostHalf) -> None:
    first = host.start()
    frame = first.frame()
    assert frame is not None
    assert frame.json() == {"event": "need-agent"}
    first.close()

    second = host.worker()
    kept = host.path(agent_file(host, sha256(host.module)))
    assert kept.read_bytes() == host.module

    third = host.start()
    frame = third.frame()
    assert frame is not None
    ready = frame.json()
    assert ready["event"] == "ready"
    assert (ready["protocol"], ready["agent"]) == (1, sha256(host.module))
    assert ready["engine"]
    assert ready["pid"] != second.process.pid


def test_a_damaged_module_is_asked_for_again(host: HostHalf) -> None:
    host.worker().end()
    kept = host.path(agent_file(host, sha256(host.module)))
    kept.write_bytes(b"tampered with")
    assert host.start().hello(host.module)["event"] == "ready"
    assert kept.read_bytes() == host.module


def test_a_module_that_arrives_wrong_is_refused_and_not_kept(host: HostHalf) -> None:
    worker = host.start()
    hello = worker.hello(b"other bytes")
    assert hello["event"] == "refused"
    assert hello["error"]["code"] == "checksum"
    assert worker.process.wait(10) != 0
    assert not host.path(agent_file(host, sha256(host.module))).exists()


def test_what_is_no_digest_is_refused(host: HostHalf) -> None:
    for agent in ("x", r"..\..\evil", "F" * 64, "f" * 63):
        hello = host.start(agent).hello(host.module)
        assert (hello["event"], hello["error"]["code"]) == ("refused", "bad-request"), agent
