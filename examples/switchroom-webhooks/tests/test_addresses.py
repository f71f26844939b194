"""Nobody reaches our own network by writing down an address."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from switchroom.errors import InvalidInput
from switchroom_webhooks.addresses import Unreachable, check_url, is_allowed, reachable
from switchroom_webhooks.posting import post
from switchroom_webhooks.problems import Problem
from switchroom_webhooks.settings import InstallationSettings

pytestmark = pytest.mark.anyio

STRICT = InstallationSettings()
LOCAL = InstallationSettings.model_validate({"allow_http": True, "allowed_networks": ["127.0.0.0/8", "::1/128"]})


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hooks",
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https://user:secret@example.com/",
        "https://example.com/#part",
        "https://exa mple.com/",
        "https://example.com/\nhost: other",
        "https://example.com:port/",
        "https://[::1",
        f"https://example.com/{'x' * 2000}",
    ],
)
def test_addresses_that_cannot_be_used_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        check_url(url, STRICT)


@pytest.mark.parametrize("url", ["https://example.com", "https://example.com:8443/a?b=c", "https://[2606:4700::1]/"])
def test_ordinary_addresses_are_taken(url: str) -> None:
    check_url(url, STRICT)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - nothing listens there
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_addresses_of_inside_are_not_reached(address: str) -> None:
    assert not is_allowed(address, STRICT)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34"])
def test_addresses_of_outside_are(address: str) -> None:
    assert is_allowed(address, STRICT)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::1]"])
async def test_every_way_to_write_this_machine_is_refused(host: str) -> None:
    with pytest.raises(Unreachable):
        await reachable(f"https://{host}/", STRICT)


async def test_a_name_without_an_address_is_refused() -> None:
    with pytest.raises(Unreachable, match="has no address"):
        await reachable("https://nobody.invalid/", STRICT)


async def test_a_network_that_the_installation_allows_is_reached() -> None:
    assert await reachable("https://127.0.0.1/", LOCAL) == ["127.0.0.1"]


async def test_what_is_not_allowed_gets_no_connection(receiver: Any) -> None:
    answer = await post(receiver.url, {}, "{}", 5, STRICT.model_copy(update={"allow_http": True}))
    assert (answer.problem, answer.detail) == (Problem.INSIDE, "127.0.0.1")
    assert receiver.received == []


async def test_over_tls_the_certificate_must_be_the_hosts(open_receiver: Any, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path))
    receiver = await open_receiver(ssl=context)
    trusting = LOCAL.model_copy(update={"ca_file": tmp_path / "certificate.pem"})
    good = await post(f"https://localhost:{receiver.port}/", {}, "{}", 5, trusting)
    assert good.delivered, good.problem
    assert receiver.received[0].headers["host"] == f"localhost:{receiver.port}"
    by_address = await post(f"https://127.0.0.1:{receiver.port}/", {}, "{}", 5, trusting)
    assert "certificate" in by_address.detail
    unknown = await post(f"https://localhost:{receiver.port}/", {}, "{}", 5, LOCAL)
    assert "certificate" in unknown.detail
    assert len(receiver.received) == 1


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file
