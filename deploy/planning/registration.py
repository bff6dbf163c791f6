"""Registrations: what a revision asks for, and how a live one differs from it."""

from dataclasses import asdict, fields
from typing import Any

from deploy.model.facts import Registration
from deploy.model.revision import Revision

_ALIASES = {
    ".\\localsystem": "localsystem",
    "nt authority\\system": "localsystem",
    "nt authority\\localservice": "nt authority\\local service",
    "nt authority\\networkservice": "nt authority\\network service",
}
_CASELESS = frozenset({"image_path", "depends_on", "failure_actions", "start", "sid_type"})


def account_of(service: str, account: str) -> str:
    """The account's name as Windows registers it."""
    return rf"NT SERVICE\{service}" if account == "virtual" else account


def registration_of(root: str, revision: Revision) -> Registration:
    """What the service control manager should hold for a revision."""
    definition, folder = revision.definition, revision.folder(root)
    return Registration(
        image_path=definition.image_path.replace("{folder}", folder),
        start=definition.start,
        account=account_of(revision.service, definition.account),
        display_name=definition.display_name,
        description=definition.description,
        depends_on=definition.depends_on,
        environment={key: value.replace("{folder}", folder) for key, value in definition.environment.items()},
        failure_actions=definition.failure_actions,
        failure_on_non_crash=definition.failure_on_non_crash,
        sid_type=definition.sid_type,
    )


def same_account(left: str, right: str) -> bool:
    """Whether two spellings name one account."""
    return _account(left) == _account(right)


def has_password(account: str) -> bool:
    """Whether Windows needs a password to run a service under the account."""
    name = _account(account)
    return not (name == "localsystem" or name.startswith(("nt authority\\", "nt service\\")) or name.endswith("$"))


def differences(expected: Registration, actual: Registration) -> tuple[tuple[str, Any, Any], ...]:
    """Fields that differ, as `(name, expected, actual)`."""
    names = (field.name for field in fields(Registration))
    pairs = ((name, getattr(expected, name), getattr(actual, name)) for name in names)
    return tuple((name, want, have) for name, want, have in pairs if _plain(name, want) != _plain(name, have))


def configure_args(service: str, registration: Registration) -> dict[str, Any]:
    """Arguments of `service.configure`; the start type has a step of its own."""
    values = {key: value for key, value in asdict(registration).items() if key != "start"}
    return {"name": service, **values, "depends_on": list(registration.depends_on)}


def create_args(service: str, registration: Registration) -> dict[str, Any]:
    """Arguments of `service.create`."""
    names = ("image_path", "display_name", "description", "account")
    return {"name": service, **{name: getattr(registration, name) for name in names}}


def _account(account: str) -> str:
    name = account.casefold()
    return _ALIASES.get(name, name)


def _plain(name: str, value: Any) -> Any:
    if name == "account":
        return _account(value)
    if name not in _CASELESS:
        return value
    return value.casefold() if isinstance(value, str) else tuple(item.casefold() for item in value)
