from pathlib import Path

import pytest

from deploy.model.catalogue import Catalogue
from deploy.model.desired import DesiredHost
from deploy.model.host import Host
from deploy.model.problem import Refused
from deploy.model.secret import Secret
from deploy.releases.archive import pack
from deploy.releases.build import build_release
from deploy.releases.desired import Secrets, desired_hosts
from deploy.releases.store import DirectoryStore
from deploy.releases.templates import Templates

from .conftest import Tree

KEY = Secret("key")
PASSWORD = Secret("canary-password")
HOSTS = (Host("one", "10.0.0.1", ("order_manager",)), Host("two", "10.0.0.2", ()))


def catalogue(runtime_sha256: str | None = None) -> Catalogue:
    service = {
        "name": "TS-OrderManager",
        "artifact": "order-manager",
        "group": "order_manager",
        "runtime": "dotnet",
        "runtime_version": "8.0.30",
        "port": 5055,
        "secrets": ["broker-password"],
        "templates": [{"source": "a.json.j2", "target": "a.json"}],
    }
    runtime = {
        "name": "dotnet", "version": "8.0.30", "eol": "2026-11-10", "archive": "dotnet.zip", "sha256": runtime_sha256,
    }  # fmt: skip
    second = {**service, "name": "TS-Second", "port": 1, "secrets": []}
    return Catalogue.model_validate(
        {"format": 1, "runtime": [runtime], "service": {"order-manager": service, "second": second}}
    )


@pytest.fixture
def store(folder: Path, tree: Tree) -> DirectoryStore:
    made = DirectoryStore(folder)
    build_release(made, tree.root, "1.4.1", "c", "2026-01-01T00:00:00Z")
    return made


def desired(
    store: DirectoryStore, tmp_path: Path, chosen: Catalogue, url: str | None = None
) -> tuple[DesiredHost, ...]:
    (tmp_path / "a.json.j2").write_text("{{ settings.rate }}")
    return desired_hosts(
        chosen,
        {"one": ("order-manager", "second")},
        HOSTS,
        "prod",
        store.release("1.4.1"),
        store,
        Templates(tmp_path),
        Secrets({("TS-OrderManager", "broker-password"): PASSWORD}, KEY),
        lambda host: {"rate": len(host.name)},
        url,
    )


def test_every_host_with_what_it_should_run(store: DirectoryStore, tmp_path: Path) -> None:
    one, two = desired(store, tmp_path, catalogue())
    assert (two.host.name, two.services, two.runtimes) == ("two", (), ())
    service, second = one.services
    assert (service.slug, service.contents) == ("order-manager", {"a.json": b"3"})
    assert [(item.name, item.digest) for item in service.secrets] == [("broker-password", PASSWORD.digest(KEY))]
    assert service.archive is not None
    assert service.archive.path is not None
    assert service.archive.url is None
    assert second.secrets == ()
    assert [(item.name, item.version, item.archive) for item in one.runtimes] == [("dotnet", "8.0.30", None)]


def test_hosts_pull_where_they_can_reach_the_store(store: DirectoryStore, tmp_path: Path) -> None:
    path = tmp_path / "dotnet-8.0.30.zip"
    pack({"dotnet.exe": b"MZ"}, path)
    store.add_runtime(path, "dotnet", "8.0.30")
    one, _ = desired(store, tmp_path, catalogue(), "https://store.example")
    service, runtime = one.services[0].archive, one.runtimes[0].archive
    assert service is not None
    assert runtime is not None
    assert (service.url, service.path) == ("https://store.example/artifacts/order-manager/1.4.1.zip", None)
    assert (runtime.url, runtime.path) == ("https://store.example/runtimes/dotnet-8.0.30.zip", None)


def test_promise_7_secret_is_in_no_repr_and_no_revision(store: DirectoryStore, tmp_path: Path) -> None:
    hosts = desired(store, tmp_path, catalogue())
    assert "canary" not in repr(hosts)
    assert b"canary" not in hosts[0].services[0].revision.manifest()


def test_artifact_that_the_release_lacks_is_refused(store: DirectoryStore, tmp_path: Path) -> None:
    chosen = catalogue()
    other = chosen.service["second"].model_copy(update={"artifact": "gone"})
    with pytest.raises(Refused, match=r"^release 1\.4\.1: has no artifact 'gone'; expected one for service second"):
        desired(store, tmp_path, chosen.model_copy(update={"service": {**chosen.service, "second": other}}))


def test_runtime_other_than_the_catalogues_is_refused(store: DirectoryStore, tmp_path: Path) -> None:
    path = tmp_path / "dotnet-8.0.30.zip"
    sha256 = pack({"dotnet.exe": b"MZ"}, path).sha256
    store.add_runtime(path, "dotnet", "8.0.30")
    assert desired(store, tmp_path, catalogue(sha256))
    with pytest.raises(Refused, match=r"runtime dotnet 8\.0\.30: has SHA-256"):
        desired(store, tmp_path, catalogue("0" * 64))
