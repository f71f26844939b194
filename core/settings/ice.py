"""Addresses of STUN and TURN servers, as in RFC 7064 and RFC 7065."""

import re
from typing import NamedTuple

_ADDRESS = re.compile(
    r"(?P<scheme>stuns?|turns?):(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:?/@\[\]]+)(:(?P<port>[0-9]{1,5}))?"
    r"(\?transport=(?P<transport>udp|tcp))?"
)


class IceUrl(NamedTuple):
    """The parts of an address; port and transport are the scheme's own where the address names none."""

    scheme: str
    host: str
    port: int
    transport: str

    @property
    def is_turn(self) -> bool:
        """Whether the server relays, and so wants a login."""
        return self.scheme.startswith("turn")

    @property
    def is_encrypted(self) -> bool:
        """Whether the server is spoken to over TLS."""
        return self.scheme.endswith("s")


def parse_ice_url(url: str) -> IceUrl:
    """Take an address apart.

    Raises:
        ValueError: It is none; the text says what one looks like.
    """
    match = _ADDRESS.fullmatch(url)
    encrypted = url.startswith(("stuns:", "turns:"))
    port = int((match and match["port"]) or (5349 if encrypted else 3478))
    if match is None or not 0 < port < 65536 or (match["transport"] and url.startswith("stun")):
        raise ValueError("must be addresses such as stun:stun.example.com:3478 or turn:turn.example.com?transport=tcp")
    transport = match["transport"] or ("tcp" if encrypted else "udp")
    return IceUrl(match["scheme"], match["host"].strip("[]"), port, transport)
