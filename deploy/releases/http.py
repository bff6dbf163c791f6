"""A store behind HTTP(S): plain GET, and PUT where the server allows it."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

import requests
from requests.auth import AuthBase

from deploy.model.problem import Problem, Refused, UsageError
from deploy.model.secret import Secret
from deploy.releases.archive import sha256_of
from deploy.releases.files import INDEX, index_bytes
from deploy.releases.manifest import damaged

_TIMEOUT_S = (10.0, 60.0)
"""To connect, and between two pieces of an answer."""
_LOOPBACK = ("localhost", "::1")


class _Bearer(AuthBase):
    """As an auth object, so that a .netrc can't replace it and a redirect elsewhere drops it."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


class HttpFiles:
    """Implements Files; what was downloaded is kept in `cache` by its digest."""

    def __init__(self, url: str, cache: Path, token: Secret | None = None) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.username or parts.password:
            raise UsageError(
                Problem("store-url", "store", "the URL holds a password", "a URL without one", "use the store's token")
            )
        if token and parts.scheme != "https" and not (host in _LOOPBACK or host.startswith("127.")):
            raise UsageError(
                Problem(
                    "store-url", f"store {url}", "a token would travel in clear text", "https", "change the store's URL"
                )
            )
        self.location = url.rstrip("/")
        self._cache = cache
        self._session = requests.Session()
        if token:
            self._session.auth = _Bearer(token)

    def names(self, folder: str) -> tuple[str, ...]:
        """As in Files: from index.json."""
        return tuple(name for name in self._index() if name.startswith(f"{folder}/"))

    def read(self, name: str) -> bytes | None:
        """As in Files."""
        answer = self._ask(lambda url: self._session.get(url, timeout=_TIMEOUT_S), name)
        if answer.status_code == requests.codes.not_found:
            return None
        self._check(answer, name)
        return answer.content

    def fetch(self, name: str, sha256: str) -> Path:
        """As in Files; a cached file counts only while its digest is right."""
        path = self._cache / f"{sha256}.zip"
        if path.is_file() and sha256_of(path) == sha256:
            return path
        self._cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._cache) as folder:
            arrived = Path(folder) / "download"
            self._ask(lambda url: self._download(url, name, arrived), name)
            if sha256_of(arrived) != sha256:
                raise Refused(damaged(f"{self.location}/{name}", "was changed"))
            arrived.replace(path)
        return path

    def write(self, name: str, content: bytes | Path, *, new: bool) -> None:
        """As in Files, by PUT; then the index."""
        self._put(name, content, {"If-None-Match": "*"} if new else {})
        if name.endswith(".json") and name.startswith(("releases/", "runtimes/", "artifacts/")):
            self._put(INDEX, index_bytes((*self._index(), name)), {})

    def _put(self, name: str, content: bytes | Path, headers: dict[str, str]) -> None:
        def send(url: str) -> requests.Response:
            if isinstance(content, bytes):
                return self._session.put(url, data=content, headers=headers, timeout=_TIMEOUT_S)
            with content.open("rb") as stream:
                return self._session.put(url, data=stream, headers=headers, timeout=_TIMEOUT_S)

        answer = self._ask(send, name)
        if answer.status_code == requests.codes.precondition_failed:
            raise FileExistsError(name)
        if answer.status_code in {401, 403, 405, 501}:
            raise Refused(
                Problem(
                    "store-read-only",
                    f"store {self.location}",
                    f"the server does not take files from here (HTTP {answer.status_code})",
                    "a server that allows PUT with this token",
                    "build into the directory that the server serves",
                )
            )
        self._check(answer, name)

    def _index(self) -> tuple[str, ...]:
        content = self.read(INDEX)
        where = f"{self.location}/{INDEX}"
        if content is None:
            raise Refused(
                Problem(
                    "not-a-store", where, "is not there", "the index that every build writes", "check the store's URL"
                )
            )
        try:
            return tuple(dict.fromkeys(str(name) for name in json.loads(content)["files"]))
        except (ValueError, KeyError, TypeError) as exc:
            raise Refused(damaged(where, "is not an index")) from exc

    def _download(self, url: str, name: str, path: Path) -> requests.Response:
        with self._session.get(url, timeout=_TIMEOUT_S, stream=True) as answer:
            if answer.status_code == requests.codes.not_found:
                raise Refused(damaged(f"{self.location}/{name}", "is missing"))
            self._check(answer, name)
            with path.open("wb") as target:
                for chunk in answer.iter_content(1 << 20):
                    target.write(chunk)
        return answer

    def _ask(self, send: Callable[[str], requests.Response], name: str) -> requests.Response:
        try:
            return send(f"{self.location}/{quote(name)}")
        except requests.RequestException as exc:
            # The library's text may quote headers or proxies: only its kind is told.
            raise Refused(self._unreachable(name, type(exc).__name__)) from None

    def _check(self, answer: requests.Response, name: str) -> None:
        if not answer.ok:
            raise Refused(self._unreachable(name, f"HTTP {answer.status_code}"))

    def _unreachable(self, name: str, what: str) -> Problem:
        return Problem(
            "store-unreachable",
            f"{self.location}/{name}",
            what,
            "the file",
            "check the store's URL, its token and the network",
        )
