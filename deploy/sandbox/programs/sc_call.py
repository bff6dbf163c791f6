"""One call of sc.exe, as its verbs see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.sandbox.machine.kernel import RegistryType
from deploy.sandbox.machine.registration import key_of
from deploy.sandbox.programs.context import Context

SID_TYPES = {"none": 0, "unrestricted": 1, "restricted": 3}


@dataclass(frozen=True, slots=True)
class Call:
    """`sc verb name words… key= value…`; keys in lower case."""

    context: Context
    name: str
    words: Sequence[str]
    options: Mapping[str, str]

    def put(self, name: str, type_: RegistryType, value: object) -> None:
        """One value of the service's key."""
        self.context.host.kernel.reg_set(key_of(self.name), name, type_, value)
