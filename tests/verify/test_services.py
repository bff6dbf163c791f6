"""Every service that a host should run: registered, running, itself, healthy."""

from collections.abc import Mapping

from deploy.checks.host import WindowsHost
from deploy.planning.registration import differences


def test_revision(host: WindowsHost, service: str, expected: Mapping[str, str]) -> None:
    """The registration names the revision that was deployed."""
    assert host.revision(service).name == expected[service]


def test_running(host: WindowsHost, service: str) -> None:
    """It runs, and starts with the machine unless the revision says otherwise."""
    found = host.service(service)
    assert found.exists, "not registered"
    assert found.is_running, f"{host.facts.services[service].state}, not Running"
    revision = host.revision(service)
    if revision.is_managed:
        assert found.registration.start == revision.expected_registration.start


def test_process(host: WindowsHost, service: str) -> None:
    """Its process runs an image of the revision's folder."""
    revision = host.revision(service)
    if revision.is_managed:
        assert revision.holds_process, f"the process is {host.service(service).process}"


def test_registration(host: WindowsHost, service: str) -> None:
    """Every registry value that the revision defines is as defined."""
    revision = host.revision(service)
    if revision.is_managed:
        assert differences(revision.expected_registration, host.service(service).registration) == ()


def test_recovery_actions(host: WindowsHost, service: str) -> None:
    """The service control manager restarts it, byte for byte as defined."""
    revision = host.revision(service)
    if revision.is_managed:
        actual, wanted = host.service(service).registration, revision.expected_registration
        assert actual.failure_actions == wanted.failure_actions
        assert actual.failure_on_non_crash == wanted.failure_on_non_crash


def test_files(host: WindowsHost, service: str) -> None:
    """No file of the revision was changed, added or removed."""
    revision = host.revision(service)
    if revision.is_managed:
        assert revision.is_complete, "the folder or its manifest is missing"
        assert revision.damaged == ()


def test_health(host: WindowsHost, service: str) -> None:
    """It answers its health probe, with the version and build that it should have."""
    answer = host.service(service).health
    if host.revision(service).is_managed:
        assert answer is not None, "its health was not asked"
        assert answer.ok, answer.error


def test_port(host: WindowsHost, service: str) -> None:
    """It listens where it should."""
    revision = host.revision(service)
    for address, port in revision.ports if revision.is_managed else ():
        assert host.socket(f"tcp://{address}:{port}").is_listening, f"nothing listens on {address}:{port}"


def test_secrets(host: WindowsHost, service: str) -> None:
    """Each secret is a file that only its service and administrators can read."""
    revision = host.revision(service)
    for name in revision.secrets if revision.is_managed else ():
        secret = host.file(rf"{host.root}\secrets\{service}\{name}")
        assert secret.is_file, f"secret {name} is missing"
        assert secret.is_protected, f"secret {name} is not protected"
