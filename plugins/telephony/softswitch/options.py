"""What the softswitch is told when it starts: one line of JSON."""

import os
import re
from pathlib import Path

import msgspec

_ICE_URL = re.compile(r"stuns?:[^?:\s]+(:\d{1,5})?|turns?:[^?:\s]+(:\d{1,5})?(\?transport=(udp|tcp))?")


class IceServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A STUN or TURN server, as browsers write it. Of each kind the switch uses the first that is given."""

    urls: str | list[str]
    username: str | None = None
    credential: str | None = None

    def __post_init__(self) -> None:
        for url in [self.urls] if isinstance(self.urls, str) else self.urls:
            if not _ICE_URL.fullmatch(url):
                raise ValueError(f"{url!r} is no address of an ICE server; it looks like stun:stun.example.org:3478")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to serve. Times are in seconds.

    `port` 0 takes any free port. `cache` is the folder where generated sounds are kept; None is the user's cache
    folder. `media_timeout` is how long a leg may send nothing before it counts as lost, `connect_timeout` how long its
    connection may take to be made. `max_legs` keeps the calls within what one core carries, for beyond that all of them
    suffer: two legs that talk cost about 2.7 % of a core of a small cloud machine, which `bench/media.py` measures.
    """

    secret: str
    host: str = "127.0.0.1"
    port: int = 0
    ice_servers: list[IceServer] = []
    media_timeout: float = 5.0
    connect_timeout: float = 15.0
    max_legs: int = 60
    cache: str | None = None
    log_level: str = "INFO"

    def __post_init__(self) -> None:
        if len(self.secret) < 16:
            raise ValueError("secret must have 16 characters or more")
        if not 0 <= self.port <= 65535:
            raise ValueError("port must be from 0 to 65535")
        if not (self.media_timeout > 0 and self.connect_timeout > 0 and self.max_legs > 0):
            raise ValueError("media_timeout, connect_timeout and max_legs must be above 0")
        if self.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("log_level must be DEBUG, INFO, WARNING or ERROR")

    def cache_folder(self) -> Path:
        """Return the folder for generated sounds."""
        return Path(self.cache) if self.cache else default_cache_folder()


def default_cache_folder() -> Path:
    """Return this user's own cache folder, never one that others can write to."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "switchroom"
