"""Access rights as the protocol writes them."""

from typing import Any

from deploy.sandbox.engines.builtin.layout import ADMINISTRATORS_SID, SYSTEM_SID
from deploy.sandbox.machine.kernel import Kernel
from deploy.wire.errors import WireError

_RIGHTS = frozenset({"full", "modify", "read"})
Acl = dict[str, Any]


def checked_acl(value: object) -> Acl | None:
    """An `acl` argument; raises WireError `bad-request` for one of another form."""
    if value is None:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("inherit"), bool):
        raise WireError("bad-request", "acl: expected {inherit, grants}")
    for grant in value.get("grants", [None]):
        whom = isinstance(grant, dict) and (grant.get("sid") or grant.get("account"))
        if not whom or grant.get("rights") not in _RIGHTS:
            raise WireError("bad-request", f"acl: {grant!r} is no grant", expected=sorted(_RIGHTS))
    return value


def secret_acl(service: str) -> Acl:
    """SYSTEM and administrators, and the service's own account reads."""
    return {
        "inherit": False,
        "grants": [
            {"sid": SYSTEM_SID, "rights": "full"},
            {"sid": ADMINISTRATORS_SID, "rights": "full"},
            {"account": rf"NT SERVICE\{service}", "rights": "read"},
        ],
    }


def differs(kernel: Kernel, path: str, acl: Acl | None) -> bool:
    """Whether the path's ACL is another one; without a wish it never is."""
    return acl is not None and kernel.acl(path) != acl


def is_protected(acl: Acl | None, service: str | None = None) -> bool:
    """Whether nobody but SYSTEM, administrators and the service (None: any service) can reach it."""
    if acl is None or acl.get("inherit"):
        return False
    return all(_trusted(grant, service) for grant in acl.get("grants", []))


def _trusted(grant: dict[str, Any], service: str | None) -> bool:
    if grant.get("sid") in {SYSTEM_SID, ADMINISTRATORS_SID}:
        return True
    account = str(grant.get("account", "")).lower()
    if service is None:
        return account.startswith("nt service\\")
    return account == f"nt service\\{service}".lower() and grant.get("rights") == "read"
