"""The sandbox's own certificate authority, the servers' certificate and the client certificate of the account."""

import datetime as dt
import ipaddress
import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = dt.timedelta(days=825)


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where the certificates are. Keys have mode 0600."""

    folder: Path

    @property
    def ca(self) -> Path:
        """What clients trust."""
        return self.folder / "ca.pem"

    @property
    def server(self) -> Path:
        """Certificate and key of all hosts."""
        return self.folder / "server.pem"

    @property
    def client(self) -> Path:
        """The account's certificate."""
        return self.folder / "client.pem"

    @property
    def client_key(self) -> Path:
        """Its key."""
        return self.folder / "client.key"


def make(files: CertificateFiles, hosts: Iterable[tuple[str, str]], user: str, now: dt.datetime) -> None:
    """Makes a CA and what it signs, for (name, address) of each host. The CA's key is thrown away afterwards."""
    hosts = list(hosts)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("Sandbox CA")
    ca = _signed(ca_name, ca_key, ca_name, ca_key, now, [(x509.BasicConstraints(ca=True, path_length=0), True)])
    names = [x509.DNSName(name) for name, _ in hosts]
    addresses = [x509.IPAddress(ipaddress.ip_address(address)) for _, address in hosts]
    server_key = ec.generate_private_key(ec.SECP256R1())
    server = _signed(
        _name("Sandbox hosts"),
        server_key,
        ca_name,
        ca_key,
        now,
        [
            (x509.SubjectAlternativeName([*names, *addresses]), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        ],
    )
    client_key = ec.generate_private_key(ec.SECP256R1())
    client_use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    client = _signed(_name(user), client_key, ca_name, ca_key, now, [(client_use, False)])
    _write(files.server, _pem(server) + _key_pem(server_key))
    _write(files.client_key, _key_pem(client_key))
    _write(files.client, _pem(client))
    _write(files.ca, _pem(ca))


def server_context(files: CertificateFiles) -> ssl.SSLContext:
    """TLS as the hosts speak it: a client certificate is welcome, not required."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.server)
    context.load_verify_locations(files.ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _signed(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
    extensions: list[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    ca = subject == issuer
    usage = x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
