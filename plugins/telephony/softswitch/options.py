"""What the softswitch is told when it starts: one line of JSON."""

import os
from pathlib import Path

import msgspec


class IceServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A STUN or TURN server, as browsers write it."""

    urls: str | list[str]
    username: str | None = None
    credential: str | None = None


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
