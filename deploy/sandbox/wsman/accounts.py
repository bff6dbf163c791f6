"""Who may log in: local accounts with their passwords, also as the file that the NTLM code reads."""

import hmac
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

NTLM_FILE_VARIABLE = "NTLM_USER_FILE"
_VARIABLE = threading.Lock()


class Accounts:
    """Local accounts of one or more hosts; names in any case, with or without the host in front."""

    def __init__(self, passwords: Mapping[str, str], hosts: Iterable[str] = ()) -> None:
        self._passwords = {name.lower(): password for name, password in passwords.items()}
        self._domains = {"", ".", *(host.lower() for host in hosts)}
        self._published: Path | None = None

    def known(self, name: str) -> str | None:
        """The plain account name, None when there is no such account."""
        domain, _, user = name.lower().rpartition("\\")
        return user if user in self._passwords and domain in self._domains else None

    def check(self, name: str, password: str) -> str | None:
        """The account's name if the password is right."""
        user = self.known(name)
        if user is None:
            return None
        return user if hmac.compare_digest(self._passwords[user].encode(), password.encode()) else None

    def publish(self, path: Path) -> None:
        """Writes the accounts as the NTLM code reads them; needed before anybody logs in with NTLM."""
        lines = [
            f"{domain}:{user}:{password}\n"
            for user, password in sorted(self._passwords.items())
            for domain in sorted(self._domains)
        ]
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(lines)
        self._published = path

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """While NTLM looks up an account: its file's name is a variable of the process, so one at a time."""
        with _VARIABLE:
            os.environ[NTLM_FILE_VARIABLE] = str(self._published or os.devnull)
            yield
