"""From what an inventory says of a host to the endpoint that the connector uses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pyinfra.api.hiddenvalue import HiddenValue
from pyinfra.connectors.base import DataMeta
from typing_extensions import TypedDict

from deploy.model.secret import Secret
from deploy.winrm.endpoint import Endpoint


class ConnectorData(TypedDict):
    """Keys of host or group data; None counts as not given."""

    winrm_address: str | None
    winrm_scheme: Literal["https", "http"]
    winrm_port: int | None
    winrm_transport: Literal["ntlm", "certificate", "basic", "kerberos", "credssp"]
    winrm_user: str | None
    winrm_password: str | HiddenValue | None
    winrm_ca_path: str | None
    winrm_cert_path: str | None
    winrm_cert_key_path: str | None


META = {
    "winrm_address": DataMeta("name or address; the host's name unless given"),
    "winrm_scheme": DataMeta("https, or http with message encryption", "https"),
    "winrm_port": DataMeta("5986 for https and 5985 for http unless given"),
    "winrm_transport": DataMeta("how to log in", "ntlm"),
    "winrm_user": DataMeta("account that deploys"),
    "winrm_password": DataMeta("its password, wrapped in Hidden"),
    "winrm_ca_path": DataMeta("PEM file of the authority that signed the host's certificate"),
    "winrm_cert_path": DataMeta("PEM file of the client certificate"),
    "winrm_cert_key_path": DataMeta("PEM file of its key"),
}


def endpoint_of(name: str, data: Mapping[str, Any]) -> Endpoint:
    """The endpoint; raises UsageError when something is missing or unsafe."""
    return Endpoint(
        name=name,
        address=data.get("winrm_address") or name,
        scheme=data.get("winrm_scheme") or "https",
        port=data.get("winrm_port") or 0,
        login=data.get("winrm_transport") or "ntlm",
        user=data.get("winrm_user") or "",
        password=_secret(data.get("winrm_password")),
        ca=_path(data.get("winrm_ca_path")),
        certificate=_path(data.get("winrm_cert_path")),
        certificate_key=_path(data.get("winrm_cert_key_path")),
    )


def _secret(value: object) -> Secret | None:
    if isinstance(value, HiddenValue):
        return Secret(str(value.unmask()))
    return None if value is None else Secret(str(value))


def _path(value: object) -> Path | None:
    return Path(str(value)) if value else None
