"""A machine with a sample release and its runtimes on the disk."""

import http.client
import json
import zipfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.apps.samples import write_sample_runtimes, write_sample_source
from tests.sandbox.machine.conftest import Bench

_ADDRESSES = count(100)


class Site(Bench):
    """Releases under `C:\\r\\<version>\\<artifact>`, runtimes under `C:\\runtimes\\<name>`."""

    def release(self, version: str, **options: Any) -> None:
        write_sample_source(self.folder / "C" / "r" / version, version, **options)

    def configure(self, artifact: str, version: str = "1.0.0", **config: Any) -> str:
        """Writes a configuration as the templates do; gives its Windows path."""
        value = {"service": f"TradingSystem-{artifact}", "bind": self.address, "logs": r"C:\logs", **config}
        self.put(f"r/{version}/{artifact}/config/appsettings.json", json.dumps(value))
        return rf"C:\r\{version}\{artifact}\config\appsettings.json"

    def native(self, artifact: str, program: str, version: str = "1.0.0", **config: Any) -> None:
        """Registers and starts a .NET service of a release."""
        path = self.configure(artifact, version, **config)
        line = rf'"C:\r\{version}\{artifact}\{program}" --config "{path}"'
        self.register(line, Environment=("REG_MULTI_SZ", [r"DOTNET_ROOT=C:\runtimes\dotnet"]))

    def ask(self, method: str, path: str, port: int) -> tuple[int, Any]:
        """Status and JSON (or text) of an answer."""
        connection = http.client.HTTPConnection(self.address, port, timeout=5)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            body = response.read().decode()
            is_json = response.headers["Content-Type"] == "application/json"
            return response.status, json.loads(body) if is_json else body
        finally:
            connection.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path / "host", f"127.0.77.{next(_ADDRESSES)}")
    write_sample_runtimes(tmp_path / "zips")
    for name in ("dotnet", "python"):
        zipped = next((tmp_path / "zips").glob(f"{name}-*.zip"))
        with zipfile.ZipFile(zipped) as archive:
            archive.extractall(site.folder / "C" / "runtimes" / name)
    yield site
    site.close()
