"""A Wine machine's disk as seen from outside, and what the sandbox puts on it."""

import shutil
from pathlib import Path, PureWindowsPath

ONBOARD = Path(__file__).with_name("onboard")
OWN = "windows/sandbox"
"""Folder of the sandbox's own files on the machine, below `C:\\`."""
_MODULES = "windows/system32/WindowsPowerShell/v1.0/Modules"


class Disk:
    """Drive C of a machine; Wine finds names in any case, so does this."""

    def __init__(self, prefix: Path) -> None:
        self.drive = prefix / "drive_c"

    def local(self, path: PureWindowsPath) -> Path:
        """Where an absolute path of drive C lies; raises ValueError for any other."""
        if path.drive.upper() != "C:" or not path.root:
            raise ValueError(f"{path}: not an absolute path on C:")
        local = self.drive
        for part in path.parts[1:]:
            local = _child(local, part)
        return local

    def equip(self) -> None:
        """Puts the sandbox's modules and programs there, as this version has them."""
        modules = self.drive / _MODULES
        for module in sorted((ONBOARD / "Modules").iterdir()):
            shutil.copytree(module, modules / module.name, dirs_exist_ok=True)
        for folder in ("jobs", "starts"):
            shutil.rmtree(self.drive / OWN / folder, ignore_errors=True)
            (self.drive / OWN / folder).mkdir(parents=True)
        (self.drive / OWN / "services.txt").unlink(missing_ok=True)
        shutil.copy(ONBOARD / "services.ps1", self.drive / OWN)
        source, kept = ONBOARD / "access.cs", self.drive / OWN / "access.cs"
        if not kept.exists() or kept.read_bytes() != source.read_bytes():
            (self.drive / OWN / "access.dll").unlink(missing_ok=True)
            shutil.copy(source, kept)


def name_computer(prefix: Path, name: str) -> None:
    """Gives a machine that is off its own name, instead of the computer's that it runs on."""
    _add_key(prefix / "user.reg", r"Software\\Wine\\Network", "UseDnsComputerName", "N")
    for key in ("ComputerName", "ActiveComputerName"):
        _add_key(
            prefix / "system.reg", rf"System\\CurrentControlSet\\Control\\ComputerName\\{key}", "ComputerName", name
        )


def _add_key(file: Path, key: str, value: str, text: str) -> None:
    """A key that stands twice in a file of Wine's registry has the later value."""
    with file.open("a", encoding="ascii") as registry:
        registry.write(f'\n[{key}]\n"{value}"="{text}"\n')


def _child(folder: Path, name: str) -> Path:
    exact = folder / name
    if exact.exists() or not folder.is_dir():
        return exact
    wanted = name.casefold()
    return next((each for each in folder.iterdir() if each.name.casefold() == wanted), exact)
