"""What can be set: credentials and behaviour, with units, defaults and the combinations that are refused."""

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from deploy.model.secret import Secret

PORT_OF = {"https": 5986, "http": 5985}
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _secret(value: object) -> Secret:
    """Accepts text, and what wraps text: our Secret, pyinfra's HiddenValue."""
    if isinstance(value, Secret):
        return value
    text = value.unmask() if hasattr(value, "unmask") else value
    if not isinstance(text, str) or not text:
        raise ValueError("text expected")
    return Secret(text)


SecretText = Annotated[
    Secret, PlainValidator(_secret), PlainSerializer(str), WithJsonSchema({"type": "string", "format": "password"})
]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/@]+(/\S*)?$")]


class Settings(BaseSettings):
    """Credentials and behaviour. Certificate validation has no switch: name the authority in `winrm_ca_path`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    winrm_user: str | None = Field(default=None, min_length=1, description="Account that deploys; an administrator.")
    winrm_password: SecretText | None = Field(default=None, description="Its password.")
    winrm_transport: Literal["ntlm", "certificate", "basic", "kerberos", "credssp"] = Field(
        default="ntlm", description="How it logs in. `kerberos` and `credssp` need the extra of that name."
    )
    winrm_scheme: Literal["https", "http"] = Field(
        default="https", description="`http` only with message encryption: NTLM, Kerberos or CredSSP."
    )
    winrm_port: int = Field(
        default_factory=lambda values: PORT_OF[values.get("winrm_scheme", "https")],
        ge=1,
        le=65535,
        description="5986 for HTTPS and 5985 for HTTP unless set.",
    )
    winrm_ca_path: Path | None = Field(
        default=None, description="PEM file of the authority that signed hosts' certificates."
    )
    winrm_cert_path: Path | None = Field(default=None, description="PEM file of the client certificate.")
    winrm_cert_key_path: Path | None = Field(default=None, description="PEM file of the client certificate's key.")
    connect_timeout_s: float = Field(
        default=10, gt=0, le=300, description="Until a host must have accepted a connection."
    )
    operation_timeout_s: float = Field(default=20, ge=1, le=60, description="How long a host holds a waiting request.")
    store: str = Field(
        default=".deploy/store", min_length=1, description="Folder or HTTP(S) URL with releases and runtimes."
    )
    store_for_hosts: HttpUrl | None = Field(
        default=None, description="URL of the same store as hosts reach it; without it releases are pushed."
    )
    store_token: SecretText | None = Field(default=None, description="Bearer token for the store.")
    secrets_path: Path | None = Field(
        default=None, description="Folder with `<service name>/<secret name>`; `.deploy/secrets/<env>` unless set."
    )
    secrets_digest_key: SecretText | None = Field(
        default=None,
        description="Key of the digests that plans show for secrets: the same on every controller, or "
        "hashes of plans differ. Made once and kept in `.deploy/secrets/<env>/settings/` unless set.",
    )
    parallel: int = Field(default=10, ge=1, le=100, description="Hosts asked or staged at once.")
    batch: str = Field(
        default="1",
        pattern=r"^([1-9]\d{0,3}|([1-9]|[1-9]\d|100)%)$",
        description="Hosts of a wave that are cut over together: a number, or a percentage such as `50%`.",
    )
    max_failures: int = Field(default=0, ge=0, description="Failed hosts of a wave after which the rollout goes on.")
    keep_revisions: int = Field(
        default=3,
        ge=2,
        le=50,
        description="Revisions of a service kept on a host. Active, previous, attested, unmanaged: kept anyway.",
    )

    @model_validator(mode="before")
    @classmethod
    def _numbers_as_text(cls, values: Any) -> Any:
        """`batch = 2` in group_data is as good as `"2"`."""
        if isinstance(values, dict) and type(values.get("batch")) is int:
            return {**values, "batch": str(values["batch"])}
        return values

    @model_validator(mode="after")
    def _safe(self) -> "Settings":
        """Refuses what would send a credential in the clear, and certificates without their files."""
        fault = transport_fault(self.winrm_transport, self.winrm_scheme)
        if fault:
            raise ValueError(f"winrm_scheme: {fault}")
        if self.winrm_transport == "certificate" and not (self.winrm_cert_path and self.winrm_cert_key_path):
            raise ValueError("winrm_transport: certificate needs winrm_cert_path and winrm_cert_key_path")
        if self.store.startswith(("http://", "https://")):
            url = urlsplit(self.store)
            if url.username or url.password:
                raise ValueError("store: an address with credentials in it; put them into store_token")
            if self.store_token and url.scheme == "http" and url.hostname not in LOOPBACK:
                raise ValueError("store: store_token would travel unencrypted; use https")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given: `config.layers` reads all sources, because each value's origin must be known."""
        return (init_settings,)


def transport_fault(transport: str, scheme: str) -> str | None:
    """Why this pair must not be used, or None."""
    if scheme == "http" and transport in {"basic", "certificate"}:
        return f"{transport} over http would not be encrypted; use https"
    return None
