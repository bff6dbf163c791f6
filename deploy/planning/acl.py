"""Access to folders: SYSTEM and administrators, and the one service that needs it."""

from typing import Any

from deploy.planning.registration import same_account

SYSTEM = "S-1-5-18"
ADMINISTRATORS = "S-1-5-32-544"
ALL_SERVICES = "S-1-5-80-0"


def closed(*grants: dict[str, str]) -> dict[str, Any]:
    """ACL that inherits nothing: full for SYSTEM and administrators, then what `grants` say."""
    own = ({"sid": SYSTEM, "rights": "full"}, {"sid": ADMINISTRATORS, "rights": "full"})
    return {"inherit": False, "grants": [*own, *grants]}


def service_acl(service: str, account: str, rights: str) -> dict[str, Any]:
    """ACL of a folder of one service. Its SID has a name only once it is registered, so that comes first."""
    own = rf"NT SERVICE\{service}"
    accounts = [own]
    # A service without a SID of its own in its token reaches the folder as its account.
    if not same_account(account, own) and not same_account(account, "LocalSystem"):
        accounts.append(account)
    return closed(*({"account": name, "rights": rights} for name in accounts))


def runtime_acl() -> dict[str, Any]:
    """Every service may read a runtime."""
    return closed({"sid": ALL_SERVICES, "rights": "read"})
