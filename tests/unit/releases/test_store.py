"""One contract for stores in a folder and behind HTTP; then what only one of them can do wrong."""

import json
from pathlib import Path

import pytest

from deploy.model.problem import Refused, UsageError
from deploy.model.release import Artifact
from deploy.model.secret import Secret
from deploy.releases.archive import pack, sha256_of
from deploy.releases.build import build_release
from deploy.releases.files import DirectoryFiles, write_atomically
from deploy.releases.store import DirectoryStore, HttpStore, Store, artifact_url, open_store, version_key

from .conftest import TOKEN, Handler, Served, Tree


def build(store: Store, tree: Tree, version: str, at: str) -> None:
    build_release(store, tree.root, version, "c", at)


def only(store: Store, version: str) -> Artifact:
    return store.release(version).artifacts["order-manager"]


class Guarded(Handler):
    token = TOKEN.reveal()


class ReadOnly(Handler):
    writable = False


class Broken(Handler):
    status = 503


# -- both


def test_empty_store(store: Store) -> None:
    assert (store.releases(), store.newest(), store.promoted("prod"), store.attested("prod")) == ((), None, None, ())
    with pytest.raises(Refused, match=r"holds no release '1\.4'; expected a release that was built"):
        store.release("1.4")


def test_built_is_read_back_verified(store: Store, tree: Tree) -> None:
    build(store, tree, "1.4.1", "2026-01-01T00:00:00Z")
    artifact = only(store, "1.4.1")
    path = store.artifact_path(artifact)
    assert (sha256_of(path), path.stat().st_size) == (artifact.sha256, artifact.size)
    assert store.release_names() == ("1.4.1",)


def test_newest_is_the_last_built_not_the_highest(store: Store, tree: Tree) -> None:
    build(store, tree, "1.10.0", "2026-01-02T00:00:00Z")
    build(store, tree, "1.9.1", "2026-01-03T00:00:00Z")
    build(store, tree, "1.9.0", "2026-01-03T00:00:00Z")
    newest = store.newest()
    assert newest is not None
    assert newest.name == "1.9.1"
    assert store.release_names() == ("1.9.0", "1.9.1", "1.10.0")


def test_unknown_release_suggests(store: Store, tree: Tree) -> None:
    build(store, tree, "1.4.1", "2026-01-01T00:00:00Z")
    with pytest.raises(Refused, match=r"did you mean 1\.4\.1\?"):
        store.release("1.4.11")


@pytest.mark.parametrize("name", ["../releases/1.4.1", "", "/etc/passwd", "a b"])
def test_release_name_leads_nowhere_else(store: Store, tree: Tree, name: str) -> None:
    build(store, tree, "1.4.1", "2026-01-01T00:00:00Z")
    with pytest.raises(Refused, match="holds no release"):
        store.release(name)


def test_other_content_is_refused(store: Store, tree: Tree) -> None:
    build(store, tree, "1.4.1", "2026-01-01T00:00:00Z")
    tree.artifact("order-manager", {"Main.exe": "other"})
    with pytest.raises(Refused, match=r"is in the store with other content: Main\.exe"):
        build(store, tree, "1.4.1", "2026-01-01T00:00:00Z")


def test_promotion_and_attestation_are_kept_in_order(store: Store) -> None:
    store.promote("1.4.1", "prod", "ana", "2026-01-01T00:00:00Z")
    store.promote("1.4.2", "prod", "rui", "2026-01-02T00:00:00Z")
    store.attest("staging", "1.4.2", "run-1", "2026-01-01T00:00:00Z")
    store.attest("staging", "1.4.2", "run-2", "2026-01-02T00:00:00Z", "bad")
    assert (store.promoted("prod"), store.promoted("staging")) == ("1.4.2", None)
    assert [(item.release, item.who) for item in store.promotions("prod")] == [("1.4.1", "ana"), ("1.4.2", "rui")]
    assert [(item.run, item.status) for item in store.attested("staging")] == [("run-1", "good"), ("run-2", "bad")]


def test_runtime(store: Store, tmp_path: Path) -> None:
    assert store.runtime("dotnet", "8.0.30") is None
    path = tmp_path / "dotnet-8.0.30-win-x64.zip"
    packed = pack({"dotnet.exe": b"MZ", "host/fxr/8.0.30/hostfxr.dll": b"x"}, path)
    added = store.add_runtime(path, "dotnet", "8.0.30")
    assert (added.sha256, added.files, added.url) == (packed.sha256, packed.files, None)
    assert added.path is not None
    assert sha256_of(added.path) == packed.sha256
    assert store.add_runtime(path, "dotnet", "8.0.30").files == packed.files
    pulled = store.runtime("dotnet", "8.0.30", "https://store.example/")
    assert pulled is not None
    assert (pulled.url, pulled.path) == ("https://store.example/runtimes/dotnet-8.0.30-win-x64.zip", None)
    pack({"dotnet.exe": b"other"}, path)
    with pytest.raises(Refused, match=r"runtime dotnet 8\.0\.30: is in the store with other content"):
        store.add_runtime(path, "dotnet", "8.0.30")
    with pytest.raises(Refused, match=r"runtime file .* is in the store with other content"):
        store.add_runtime(path, "dotnet", "8.0.31")


@pytest.mark.parametrize("suffix", ["zip", "json"])
def test_missing_part_is_damage_not_absence(store: Store, tree: Tree, folder: Path, suffix: str) -> None:
    build(store, tree, "1.4.1", "2026-01-01T00:00:00Z")
    artifact = only(store, "1.4.1")
    (folder / "artifacts" / "order-manager" / f"1.4.1.{suffix}").unlink()
    with pytest.raises(Refused, match=rf"artifacts/order-manager/1\.4\.1\.{suffix}: is missing"):
        store.artifact_path(only(store, "1.4.1") if suffix == "json" else artifact)


def test_url_of_an_artifact(store: Store, tree: Tree) -> None:
    build(store, tree, "1.4.1", "2026-01-01T00:00:00Z")
    url = artifact_url(only(store, "1.4.1"), "https://store.example/base/")
    assert url == "https://store.example/base/artifacts/order-manager/1.4.1.zip"


# -- the folder


def test_served_folder_is_the_same_store(folder: Path, tree: Tree, served: Served, tmp_path: Path) -> None:
    build(DirectoryStore(folder), tree, "1.4.1", "2026-01-01T00:00:00Z")
    remote = open_store(served(ReadOnly), tmp_path / "cache")
    assert remote.releases() == DirectoryStore(folder).releases()


def test_nothing_half_written_is_left(folder: Path, tree: Tree) -> None:
    build(DirectoryStore(folder), tree, "1.4.1", "2026-01-01T00:00:00Z")
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]


def test_a_folder_that_is_a_file_is_unreachable_not_empty(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    with pytest.raises(Refused, match="Not a directory"):
        DirectoryStore(tmp_path / "store").promoted("prod")


def test_share_without_hard_links_still_refuses_to_replace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(path: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    write_atomically(tmp_path / "a", b"1", new=True)
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "a", b"2", new=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"1"}


def test_release_written_by_another_build_at_the_same_moment_is_compared(folder: Path, tree: Tree) -> None:
    class Late(DirectoryFiles):
        """Sees nothing until the other build has written."""

        def read(self, name: str) -> bytes | None:
            hidden = name == "releases/1.4.1.json" and not self.tried
            return None if hidden else super().read(name)

        tried = False

        def write(self, name: str, content: bytes | Path, *, new: bool) -> None:
            self.tried = self.tried or name == "releases/1.4.1.json"
            super().write(name, content, new=new)

    build(DirectoryStore(folder), tree, "1.4.1", "2026-01-01T00:00:00Z")
    tree.artifact("data-capture", {"Main.exe": "DC"})
    with pytest.raises(Refused, match="is in the store with other content: data-capture"):
        build(Store(Late(folder)), tree, "1.4.1", "2026-01-01T00:00:00Z")


# -- HTTP


def test_promise_8_unreachable_store_is_not_an_empty_one(served: Served, tmp_path: Path) -> None:
    for url in (served(Broken), "http://127.0.0.1:9"):
        for ask in (Store.releases, lambda s: s.promoted("prod"), lambda s: s.attested("prod")):
            with pytest.raises(Refused) as caught:
                ask(HttpStore(url, tmp_path / "cache"))
            assert caught.value.problems[0].code == "store-unreachable"


def test_url_without_an_index_is_no_store(served: Served, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"index\.json: is not there"):
        HttpStore(served(Handler), tmp_path / "cache").releases()


def test_server_without_put_refuses_kindly(served: Served, folder: Path, tree: Tree, tmp_path: Path) -> None:
    (folder / "index.json").write_text('{"files": [], "format": 1}')
    with pytest.raises(Refused) as caught:
        build(HttpStore(served(ReadOnly), tmp_path / "cache"), tree, "1.4.1", "2026-01-01T00:00:00Z")
    assert caught.value.problems[0].code == "store-read-only"


def test_token_opens_the_store_and_appears_in_no_message(
    served: Served, folder: Path, tree: Tree, tmp_path: Path
) -> None:
    build(DirectoryStore(folder), tree, "1.4.1", "2026-01-01T00:00:00Z")
    url = served(Guarded)
    assert HttpStore(url, tmp_path / "cache", TOKEN).release("1.4.1").name == "1.4.1"
    with pytest.raises(Refused) as caught:
        HttpStore(url, tmp_path / "cache", Secret("canary-wrong")).release("1.4.1")
    assert "canary" not in str(caught.value)
    assert "HTTP 401" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "token"), [("http://store.example", TOKEN), ("https://user:canary@store.example", None)]
)
def test_unsafe_url_is_refused_without_showing_a_password(url: str, token: Secret | None, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        HttpStore(url, tmp_path, token)
    assert "canary" not in str(caught.value)


def test_damaged_cache_is_fetched_again_and_damaged_server_refused(
    served: Served, folder: Path, tree: Tree, tmp_path: Path
) -> None:
    build(DirectoryStore(folder), tree, "1.4.1", "2026-01-01T00:00:00Z")
    store = HttpStore(served(Handler), tmp_path / "cache")
    artifact = only(store, "1.4.1")
    store.artifact_path(artifact).write_bytes(b"damaged")
    assert sha256_of(store.artifact_path(artifact)) == artifact.sha256
    (folder / "artifacts/order-manager/1.4.1.zip").write_bytes(b"damaged")
    store.artifact_path(artifact).unlink()
    with pytest.raises(Refused, match="was changed"):
        store.artifact_path(artifact)
    assert not list((tmp_path / "cache").iterdir())


def test_manifest_of_another_format_is_refused(folder: Path, tree: Tree) -> None:
    store = DirectoryStore(folder)
    build(store, tree, "1.4.1", "2026-01-01T00:00:00Z")
    path = folder / "artifacts/order-manager/1.4.1.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}, sort_keys=True, indent=1) + "\n")
    with pytest.raises(Refused, match="has a format that this version does not read"):
        store.artifact("order-manager", "1.4.1")


def test_versions_in_the_order_of_people() -> None:
    versions = ["1.5.0", "10.0", "1.4.10", "1.5.0-rc.10", "1.4", "1.5.0-rc.1", "1.4.9", "1.5.0-alpha.2"]
    ordered = ["1.4", "1.4.9", "1.4.10", "1.5.0-alpha.2", "1.5.0-rc.1", "1.5.0-rc.10", "1.5.0", "10.0"]
    assert sorted(versions, key=version_key) == ordered
