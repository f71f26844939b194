"""The port of the web server: free, taken by the server itself, or by something else."""

import errno
import os
import socket

import psutil

from core.cli.doctor.finding import Finding, fail, ok
from core.settings import Settings


async def server_port(settings: Settings) -> list[Finding]:
    """Whether the server could listen, and if not, why."""
    server = settings.server
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        mend = "Set it to an address of this machine."
        return [fail("server port", f"server.host {server.host}: {error.strerror}.", mend)]
    for family, kind, protocol, _name, address in found:
        try:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(address)
        except OSError as error:
            return [_refused(settings, error)]
    return [ok("server port", f"{server.host}:{server.port} is free")]


def _refused(settings: Settings, error: OSError) -> Finding:
    server = settings.server
    place = f"{server.host}:{server.port}"
    if error.errno == errno.EADDRINUSE:
        holder = listener(server.port)
        if holder is not None and is_switchroom(holder):
            return ok("server port", f"{place}: Switchroom is running (process {holder.pid})")
        return fail("server port", f"{place} is taken by {_named(holder)}.", "End it, or set server.port.")
    if error.errno == errno.EACCES:
        mend = "Set server.port to 1024 or higher and put a proxy in front."
        return fail("server port", f"{place}: this account may not listen there.", mend)
    if error.errno == errno.EADDRNOTAVAIL:
        return fail("server port", f"{server.host} is no address of this machine.", "Correct server.host.")
    return fail("server port", f"{place}: {os.strerror(error.errno or 0)}.")


def listener(port: int) -> psutil.Process | None:
    """Return the process that listens on a TCP port; None when this account may not know."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            local = connection.laddr[1] if connection.laddr else None
            if connection.status == psutil.CONN_LISTEN and local == port and connection.pid:
                return psutil.Process(connection.pid)
    except psutil.Error:
        pass
    return None


def is_switchroom(process: psutil.Process) -> bool:
    """Tell whether a process is this command line with `run` or `web`."""
    try:
        words = process.cmdline()
    except psutil.Error:
        return False
    is_ours = any(os.path.basename(word) in ("switchroom", "core.cli") for word in words[:3])
    return is_ours and not {"run", "web"}.isdisjoint(words)


def _named(process: psutil.Process | None) -> str:
    try:
        return f"{process.name()} (process {process.pid})" if process else "another program"
    except psutil.Error:
        return "another program"
