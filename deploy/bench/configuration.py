"""What the comparison keeps in a desired state: small configuration files, and how each way decides about one."""

import base64
import hashlib
import ntpath
from dataclasses import dataclass

from deploy.model.facts import PathFact
from deploy.model.step import Blob, Step

FOLDER = r"C:\TradingSystem\bench"


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """A file that should have this content."""

    name: str
    content: bytes

    @property
    def path(self) -> str:
        """Where it lies on the host."""
        return ntpath.join(FOLDER, self.name)

    @property
    def sha256(self) -> str:
        """Digest of the content, lower hex."""
        return hashlib.sha256(self.content).hexdigest()


def configuration_files(count: int) -> tuple[ConfigurationFile, ...]:
    """So many different ones."""
    return tuple(
        ConfigurationFile(f"settings-{number}.json", f'{{"service": "s-{number}", "port": {5000 + number}}}\n'.encode())
        for number in range(count)
    )


def naive_script(file: ConfigurationFile) -> str:
    """PowerShell as one writes it by hand: looks, and writes only what differs."""
    content = base64.b64encode(file.content).decode("ascii")
    return "\n".join(
        (
            f"$path = '{file.path}'",
            "$is = if (Test-Path -LiteralPath $path) { (Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash }",
            f"if ($is -ne '{file.sha256.upper()}') {{",
            f"    [IO.File]::WriteAllBytes($path, [Convert]::FromBase64String('{content}'))",
            "}",
        )
    )


def missing_step(file: ConfigurationFile, fact: PathFact | None) -> tuple[Step, ...]:
    """The step that the host lacks; () when the file is right. None: the path was not asked for."""
    if fact is not None and fact.kind == "file" and fact.sha256 == file.sha256:
        return ()
    data = Blob(file.sha256, file.content)
    args = {"path": file.path, "sha256": file.sha256, "size": len(file.content), "data": data, "acl": None}
    return (Step(f"file-{file.name}", "file.put", args, "configuration differs"),)
