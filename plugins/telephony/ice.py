"""The ICE servers, as a browser's RTCPeerConnection takes them."""

from __future__ import annotations

from typing import Any

from switchroom import Context


def ice_servers(ctx: Context) -> list[dict[str, Any]]:
    """The installation's STUN and TURN servers with their credentials: only for pages that make calls."""
    servers: list[dict[str, Any]] = []
    for server in ctx.installation.ice_servers:
        entry: dict[str, Any] = {"urls": list(server.urls)}
        if server.username and server.credential:
            entry |= {"username": server.username, "credential": server.credential.get_secret_value()}
        servers.append(entry)
    return servers
