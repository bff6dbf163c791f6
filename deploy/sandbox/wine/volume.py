"""A machine's data disk: the root folder as a file system of its own, small enough to be filled.

An image file beside the machine, mounted on the folder while there is power. Its content outlives the power, as that of
the rest of the disk does; only root can mount.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

ENV_SIZE = "DEPLOY_SANDBOX_DISK_MB"
LEAST_MB = 64
"""Less is no room for a release, nor for the file system's own."""
LEFT_BYTES = 128 * 1024
"""What a full disk still takes: a lock and a journal, but no release. So what finds it full is the staging."""
_MOUNTS = Path("/proc/self/mountinfo")
_TAKEN = "taken-by-the-sandbox"
_TIMEOUT_S = 60.0
_BUSY_S = 5.0
_BUSY_LOOK_S = 0.1


class DataDisk:
    """`folder` of a machine's drive, kept in the file `image`."""

    def __init__(self, folder: Path, image: Path) -> None:
        self._folder, self._image = folder, image
        self._full = False

    def attach(self, size_mb: int) -> None:
        """Mounts it; a new one takes over what was in the folder. Without a size only one that was made already.

        Raises OSError where that can't be had.
        """
        if self._mounted() or not (size_mb or self._image.exists()):
            return
        if os.geteuid() != 0:
            raise OSError(f"{ENV_SIZE}: only root can mount a data disk; be root, or do without")
        self._folder.mkdir(exist_ok=True)
        if not self._image.exists():
            self._make(size_mb)
        _call("mount", "-o", "loop,noatime", str(self._image), str(self._folder))
        if not self._full:
            self._make_room()

    def detach(self) -> None:
        """Unmounts it, if it is mounted; at the latest when the last of the machine's processes has let go of it."""
        until_s = time.monotonic() + _BUSY_S
        while self._mounted():
            try:
                _call("umount", str(self._folder))
            except OSError:
                if time.monotonic() > until_s:
                    _call("umount", "--lazy", str(self._folder))
                time.sleep(_BUSY_LOOK_S)

    def require(self) -> None:
        """OSError where there is no data disk."""
        if not self._mounted():
            raise OSError(
                "fault fill-disk: the powershell engine needs a data disk for it; "
                f"start the sandbox anew, as root, with {ENV_SIZE}=600 set"
            )

    def fill(self) -> None:
        """From now on there is room for a few small files only; OSError without a data disk."""
        self.require()
        self._full = True
        with (self._folder / _TAKEN).open("ab") as taken:
            while (free := shutil.disk_usage(self._folder).free) > LEFT_BYTES:
                os.posix_fallocate(taken.fileno(), os.fstat(taken.fileno()).st_size, free - LEFT_BYTES)

    def free(self) -> None:
        """There is room again, without power from the next boot on."""
        self._full = False
        if self._mounted():
            self._make_room()

    def _make_room(self) -> None:
        (self._folder / _TAKEN).unlink(missing_ok=True)

    def _make(self, size_mb: int) -> None:
        beside, place = self._image.with_suffix(".new"), self._image.with_suffix(".mount")
        beside.unlink(missing_ok=True)
        with beside.open("wb") as file:
            file.truncate(size_mb * 1024 * 1024)
        _call("mkfs.ext4", "-q", "-F", "-m", "0", str(beside))
        place.mkdir(exist_ok=True)
        _call("mount", "-o", "loop", str(beside), str(place))
        try:
            (place / "lost+found").rmdir()
            shutil.copytree(self._folder, place, symlinks=True, dirs_exist_ok=True)
        finally:
            _call("umount", str(place))
        place.rmdir()
        beside.rename(self._image)

    def _mounted(self) -> bool:
        wanted = str(self._folder.resolve()).replace(" ", "\\040")
        return any(line.split()[4] == wanted for line in _MOUNTS.read_text("utf-8").splitlines())


def _call(*words: str) -> None:
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT_S, check=False)
    except FileNotFoundError as exc:
        raise OSError(f"{words[0]} is not installed") from exc
    except subprocess.TimeoutExpired as exc:
        raise OSError(f"{words[0]} did not end within {_TIMEOUT_S:.0f} s") from exc
    if done.returncode:
        raise OSError(f"{' '.join(words)}: {done.stderr.decode('utf-8', 'replace').strip()}")
