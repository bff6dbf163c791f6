"""Runtimes of a store: other people's zips under their own names, each with a manifest beside it."""

from dataclasses import asdict, replace
from pathlib import Path

from deploy.model.desired import Archive
from deploy.model.problem import Problem, Refused, UsageError
from deploy.releases.archive import read_packed
from deploy.releases.manifest import canonical, damaged
from deploy.releases.stored import SAFE_NAME, Stored, exists_already, url_below


class Runtimes(Stored):
    """`runtimes/<file>.zip` and `.json`."""

    def runtimes(self) -> dict[tuple[str, str], str]:
        """File name of each runtime's zip by name and version."""
        found = {}
        for where in self._files.names("runtimes"):
            value = self._json(where)
            found[str(value.get("name")), str(value.get("version"))] = Path(where).stem + ".zip"
        return found

    def runtime(self, name: str, version: str, base_url: str | None = None) -> Archive | None:
        """A runtime's archive, or None: by URL below `base_url` where given, else as a verified local file."""
        file = self.runtimes().get((name, version))
        if file is None:
            return None
        value = self._json(f"runtimes/{file.removesuffix('.zip')}.json")
        try:
            archive = Archive(sha256=value["sha256"], size=value["size"], files=value["files"])
        except KeyError as exc:
            raise Refused(damaged(self._place(f"runtimes/{file}"), "has no complete manifest")) from exc
        if base_url:
            return replace(archive, url=url_below(base_url, f"runtimes/{file}"))
        return replace(archive, path=self._files.fetch(f"runtimes/{file}", archive.sha256))

    def add_runtime(self, path: Path, name: str, version: str) -> Archive:
        """Adds a runtime's zip under its own file name; raises Refused when the version is there with other content."""
        where = f"runtime {name} {version}"
        if not SAFE_NAME.fullmatch(path.name) or path.suffix != ".zip":
            raise UsageError(
                Problem(
                    "bad-name",
                    str(path),
                    "is no file name for the store",
                    "letters, digits, . _ - and .zip",
                    "rename it",
                )
            )
        packed = read_packed(path, str(path))
        present = self.runtime(name, version)
        if present is not None:
            if present.files != packed.files:
                raise Refused(exists_already(where, ()))
            return present
        value = {"format": 1, "name": name, "version": version, **asdict(packed)}
        if self._files.read(f"runtimes/{path.stem}.json") is not None:
            raise Refused(exists_already(f"runtime file {path.name}", ()))
        self._files.write(f"runtimes/{path.name}", path, new=False)
        self._files.write(f"runtimes/{path.stem}.json", canonical(value), new=True)
        added = self.runtime(name, version)
        if added is None:
            raise Refused(damaged(self._place(f"runtimes/{path.name}"), "is not there after it was written"))
        return added
