"""Which addresses webhooks may reach: who writes down an address must not reach our own network through us."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from switchroom.errors import InvalidInput
from switchroom.locale import gettext as _
from switchroom_webhooks.problems import Problem, problem_text
from switchroom_webhooks.settings import InstallationSettings

Address = IPv4Address | IPv6Address

LONGEST_URL = 2000
RESOLVE_SECONDS = 5.0

_NAT64 = IPv6Network("64:ff9b::/96")
_CARRIER = IPv4Network("100.64.0.0/10")


class Unreachable(Exception):
    """The host has no address, or none that webhooks may reach."""

    def __init__(self, problem: Problem, host: str) -> None:
        super().__init__(problem_text(problem, host))
        self.problem = problem
        self.host = host


def check_url(url: str, settings: InstallationSettings) -> None:
    """Refuses an address that no webhook can be sent to, without looking the host up.

    Raises:
        InvalidInput: It is none, or of a kind that the installation does not allow.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise _refused(_("This is no address. It looks like https://example.com/hooks.")) from None
    if not host or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise _refused(_("This is no address. It looks like https://example.com/hooks."))
    if len(url) > LONGEST_URL:
        raise _refused(_("The address is too long."))
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.allow_http):
        raise _refused(_("The address must begin with https://."))
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _refused(_("The address must hold neither a login nor a part after #."))


async def reachable(url: str, settings: InstallationSettings) -> list[str]:
    """The addresses behind the host of a URL. What connects to it must connect to one of these, not to the name.

    Raises:
        Unreachable: There is none, or one of them is not allowed.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port_of(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise Unreachable(Problem.NO_ADDRESS, host) from None
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    # One that is not allowed among others is a trick, or a mistake that will fail now and then: refuse all of them.
    if not addresses or not all(is_allowed(address, settings) for address in addresses):
        raise Unreachable(Problem.INSIDE, host)
    return addresses


def is_allowed(address: str, settings: InstallationSettings) -> bool:
    """Whether webhooks may reach an IP address."""
    plain = ip_address(address.partition("%")[0])
    return all(
        any(each in network for network in settings.allowed_networks if network.version == each.version)
        or _is_public(each)
        for each in _all_of(plain)
    )


def port_of(parts: SplitResult) -> int:
    """The port of an address."""
    return parts.port or (443 if parts.scheme == "https" else 80)


def _all_of(address: Address) -> Iterator[Address]:
    """The address itself, or those that are hidden in it: a gateway may unpack them."""
    if isinstance(address, IPv4Address):
        yield address
    elif address.ipv4_mapped:
        yield address.ipv4_mapped
    elif address.sixtofour:
        yield address.sixtofour
    elif address.teredo:
        yield from address.teredo
    elif address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    else:
        yield address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address) and address in _CARRIER:
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _refused(text: str) -> InvalidInput:
    return InvalidInput(_("The endpoint was not saved."), fields={"url": text})
