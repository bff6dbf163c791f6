"""host.service, host.file, host.socket and host.revision tell what the facts say."""

from dataclasses import replace

import pytest

from deploy.checks.host import WindowsHost
from deploy.model.facts import HostFacts, Process
from tests.unit.checks.fleet import DATA, ORDERS, FakeConnection, deployed
from tests.unit.planning.fleet import ROOT, with_service

FACTS = deployed("a")["a"]
REVISION = FACTS.services[DATA]


def host(facts: HostFacts = FACTS, files: dict[str, bytes] | None = None) -> WindowsHost:
    return WindowsHost(FakeConnection(facts, files=files or {}), facts, ROOT)


def test_a_service_that_runs() -> None:
    service = host().service(DATA)
    assert service.exists
    assert service.is_running
    assert service.is_enabled
    assert service.process is not None
    assert service.registration.account == rf"NT SERVICE\{DATA}"


@pytest.mark.parametrize("state", ["Stopped", "StartPending", "Paused"])
def test_only_running_is_running(state: str) -> None:
    assert not host(with_service(FACTS, DATA, state=state)).service(DATA).is_running


def test_a_service_that_is_not_registered() -> None:
    service = host(with_service(FACTS, DATA, registration=None)).service(DATA)
    assert not service.exists
    assert not service.is_enabled
    with pytest.raises(LookupError, match=f"a: {DATA} is not registered"):
        service.registration  # noqa: B018


def test_a_service_that_was_not_asked_about_is_an_error_not_an_absence() -> None:
    with pytest.raises(LookupError):
        host().service("Spooler").exists  # noqa: B018


def test_disabled_is_not_enabled() -> None:
    registration = FACTS.services[DATA].registration
    assert registration is not None
    facts = with_service(FACTS, DATA, registration=replace(registration, start="disabled"))
    assert not host(facts).service(DATA).is_enabled


def test_a_file_is_asked_for_once() -> None:
    connection = FakeConnection(FACTS)
    path = rf"{ROOT}\secrets\{DATA}\password"
    file = WindowsHost(connection, FACTS, ROOT).file(path)
    assert connection.asked == []
    assert file.exists
    assert file.is_file
    assert not file.is_directory
    assert file.is_protected
    assert file.size == 7
    assert connection.asked == [path]


def test_a_file_that_is_not_there() -> None:
    file = host().file(r"C:\nowhere")
    assert not file.exists
    assert not file.is_file


def test_content() -> None:
    file = host(files={r"C:\x.txt": "São".encode()}).file(r"C:\x.txt")
    assert file.content == "São".encode()
    assert file.content_string == "São"


@pytest.mark.parametrize(("port", "listens"), [(5050, True), (9999, False)])
def test_socket(port: int, listens: bool) -> None:
    facts = with_service(FACTS, DATA, ports=(("127.0.0.1", 5050, True),))
    assert host(facts).socket(f"tcp://127.0.0.1:{port}").is_listening is listens


@pytest.mark.parametrize("address", ["127.0.0.1:5050", "udp://127.0.0.1:53", "tcp://5050"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="no address such as"):
        host().socket(address).is_listening  # noqa: B018


def test_revision() -> None:
    revision = host().revision(DATA)
    assert revision.is_managed
    assert revision.is_complete
    assert revision.damaged == ()
    assert revision.holds_process
    assert revision.name is not None
    assert revision.name.startswith("1.0.0-")
    assert revision.ports == (("127.0.0.1", 5050),)
    assert revision.secrets == ("password",)
    assert revision.expected_registration == FACTS.services[DATA].registration


def test_a_process_from_elsewhere_is_not_the_revisions() -> None:
    facts = with_service(FACTS, DATA, process=Process(r"C:\elsewhere\app.exe", "1"))
    assert not host(facts).revision(DATA).holds_process
    assert not host(with_service(FACTS, DATA, process=None)).revision(DATA).holds_process


def test_a_service_that_ran_before_us_is_not_managed() -> None:
    registration = FACTS.services[ORDERS].registration
    assert registration is not None
    foreign = replace(registration, image_path=r"C:\old\orders.exe")
    revision = host(with_service(FACTS, ORDERS, registration=foreign)).revision(ORDERS)
    assert not revision.is_managed
    assert not revision.is_complete
