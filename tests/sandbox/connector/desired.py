"""A host that should run one small service."""

import hashlib
import zipfile
from pathlib import Path

from deploy.model.desired import Archive, DesiredHost, DesiredRuntime, DesiredService
from deploy.model.host import Host
from deploy.model.release import StateSchema
from deploy.model.revision import Definition, Probe, Revision


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def archive(path: Path, files: dict[str, bytes]) -> Archive:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name), content)
    data = path.read_bytes()
    return Archive(digest(data), len(data), {name: digest(content) for name, content in files.items()}, path=path)


def desired_host(folder: Path, name: str, setting: str = "one") -> DesiredHost:
    """Service `Svc` at version 1.0.0 with one rendered file, and a runtime; archives lie in `folder`."""
    program, config = b"MZ program" * 1000, f'{{"setting": "{setting}"}}'.encode()
    packed = archive(folder / f"{name}.zip", {"svc.exe": program, "lib/a.dll": b"a"})
    files = {**packed.files, "config.json": digest(config)}
    definition = Definition(
        image_path=r"{folder}\svc.exe",
        display_name="Svc",
        description="A service",
        account=r"NT SERVICE\Svc",
        start="auto",
        depends_on=(),
        environment={},
        failure_actions="",
        failure_on_non_crash=False,
        sid_type="unrestricted",
        ports=(("127.0.0.1", 5050),),
        on_stop_timeout="kill",
        probe=Probe("process"),
        drain=None,
        secrets=(),
        drain_s=1,
        stop_s=1,
        start_s=1,
        healthy_s=1,
        min_healthy_s=1,
    )
    revision = Revision(
        service="Svc",
        version="1.0.0",
        artifact="svc",
        artifact_sha256=packed.sha256,
        commit="abc",
        entry="svc.exe",
        build=packed.files["svc.exe"],
        files=files,
        config={"config.json": digest(config)},
        templates_sha256="0" * 64,
        runtime="dotnet",
        runtime_version="8.0.1",
        state_schema=StateSchema(),
        reversible=True,
        definition=definition,
    )
    runtime = DesiredRuntime("dotnet", "8.0.1", archive(folder / f"{name}-rt.zip", {"dotnet.exe": b"rt" * 5000}))
    service = DesiredService("svc", revision, {"config.json": config}, packed)
    return DesiredHost(Host(name, "127.0.0.1", ("dev",)), (service,), (runtime,))
