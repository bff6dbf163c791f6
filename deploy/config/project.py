"""Where the project's files are: the one place that knows its folders."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.config.suggest import did_you_mean
from deploy.model.problem import Problem, UsageError


@dataclass(frozen=True, slots=True)
class Project:
    """A folder that holds `inventories/`; what the toolkit itself writes lies under `.deploy`."""

    root: Path

    @classmethod
    def find(cls, environ: Mapping[str, str], cwd: Path | None = None) -> "Project":
        """The project that `DEPLOY_PROJECT` names, else the one around `cwd`; raises UsageError when there is none."""
        named = environ.get("DEPLOY_PROJECT")
        start = Path(named or cwd or Path.cwd()).resolve()
        candidates = (start,) if named else (start, *start.parents)
        for folder in candidates:
            if (folder / "inventories").is_dir():
                return cls(folder)
        raise UsageError(
            Problem(
                "no-project",
                "DEPLOY_PROJECT" if named else str(start),
                "no project here" if not named else f"{start} is not a project",
                "a folder that holds inventories/",
                "change to the project's folder, or name it: export DEPLOY_PROJECT=FOLDER",
            )
        )

    @property
    def inventories(self) -> Path:
        """pyinfra inventories, group_data and the catalogue."""
        return self.root / "inventories"

    @property
    def group_data(self) -> Path:
        """Data of groups, one file a group."""
        return self.inventories / "group_data"

    @property
    def catalogue(self) -> Path:
        """The description of the trading system."""
        return self.inventories / "system.toml"

    @property
    def templates(self) -> Path:
        """Jinja2 templates of services' configuration."""
        return self.root / "templates"

    @property
    def compose(self) -> Path:
        """Compose files of the auxiliary containers."""
        return self.root / "compose"

    @property
    def checks(self) -> Path:
        """Tests that verify a deployed environment."""
        return self.root / "tests" / "verify"

    @property
    def state(self) -> Path:
        """What the toolkit writes; never in version control."""
        return self.root / ".deploy"

    @property
    def runs(self) -> Path:
        """A folder for each run."""
        return self.state / "runs"

    def sandbox(self, environment: str) -> Path:
        """State of an environment's simulated hosts, and the credentials that lead to them."""
        return self.state / "sandbox" / environment

    def secrets(self, environment: str) -> Path:
        """Default folder of an environment's secrets."""
        return self.state / "secrets" / environment

    def environments(self) -> tuple[str, ...]:
        """Names of all environments, sorted."""
        return tuple(sorted(path.stem for path in self.inventories.glob("*.py") if not path.stem.startswith("_")))

    def inventory(self, environment: str) -> Path:
        """The environment's inventory file; raises UsageError for one that doesn't exist."""
        if environment in self.environments():
            return self.inventories / f"{environment}.py"
        raise UsageError(
            Problem(
                "unknown-environment",
                "--env",
                f"no environment {environment!r}" if environment else "no environment named",
                "the name of a file in inventories/",
                did_you_mean(environment, self.environments()),
            )
        )

    def shown(self, path: Path) -> str:
        """The path as messages show it: relative to the project where it lies inside."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)
