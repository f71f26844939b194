"""What can be set, with defaults and limits. `settings.yaml` explains each key to the person who installs."""

from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    PrivateAttr,
    SecretStr,
    StrictBool,
    StrictInt,
    ValidationInfo,
    field_validator,
    model_validator,
)

from core.settings.ice import parse_ice_url
from core.settings.source import NOWHERE, KeyPath, Origin

Count = Annotated[StrictInt, Field(ge=1)]
Text = Annotated[str, Field(min_length=1)]


def _needs_text(value: object) -> object:
    """Refuse numbers, which the ipaddress module would read as an address."""
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


def _folder(value: object, info: ValidationInfo) -> object:
    """Make a folder absolute: relative to the settings file, or to the working folder when there is no file."""
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError("must be the path of a folder")
    return Path((info.context or {}).get("folder", Path.cwd()), Path(value).expanduser()).absolute()


def _url_of(*schemes: str) -> AfterValidator:
    """Check scheme and host of an address without ever repeating it: it may carry a password."""

    def check(value: SecretStr) -> SecretStr:
        ways = " or ".join(f"{scheme}://" for scheme in schemes)
        try:
            parts = urlsplit(value.get_secret_value())
            usable = parts.scheme in schemes and bool(parts.netloc or parts.query) and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable:
            raise ValueError(f"must be an address that begins with {ways} and names a host")
        return value

    return AfterValidator(check)


Folder = Annotated[Path, BeforeValidator(_folder)]
Network = Annotated[IPvAnyNetwork, BeforeValidator(_needs_text)]
DatabaseUrl = Annotated[SecretStr, _url_of("postgresql", "postgres")]
BrokerUrl = Annotated[SecretStr, _url_of("redis", "rediss", "amqp", "amqps")]
LiveUrl = Annotated[SecretStr, _url_of("redis", "rediss")]


class Section(BaseModel):
    """A group of keys. A group whose keys are all commented out reads as null in YAML and means the defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _null_means_defaults(cls, value: object) -> object:
        return {} if value is None else value


class Server(Section):
    """Where the web server listens and what it is called from outside."""

    host: Text = "127.0.0.1"
    port: Annotated[StrictInt, Field(ge=1, le=65535)] = 8000
    public_url: str | None = None
    secure_cookies: Literal["auto", True, False] = "auto"
    trusted_proxies: tuple[Network, ...] = ()

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            plain = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0 and plain
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("must be an address such as https://calls.example.com, without a path")
        return value.rstrip("/")

    @property
    def url(self) -> str:
        """The address that people open, without a slash at the end; `localhost` for this machine's own addresses."""
        return self.public_url or f"http://{_name_in_url(self.host)}:{self.port}"

    @property
    def cookies_are_secure(self) -> bool:
        """Whether cookies carry the Secure attribute."""
        return self.url.startswith("https:") if self.secure_cookies == "auto" else self.secure_cookies


class Database(Section):
    """PostgreSQL: external by `url` (a secret, since it carries a password), else embedded."""

    url: DatabaseUrl | None = None
    pool_min: Count = 2
    pool_max: Count = 10

    @model_validator(mode="after")
    def _min_is_not_above_max(self) -> Self:
        if self.pool_min > self.pool_max:
            raise ValueError(f"pool_min ({self.pool_min}) must not be above pool_max ({self.pool_max})")
        return self


class Broker(Section):
    """What carries jobs to workers; `url` null means dramatiq's in-memory broker."""

    url: BrokerUrl | None = None
    worker_threads: Count = 4


class Live(Section):
    """What carries live updates between processes; `url` null means PostgreSQL LISTEN/NOTIFY."""

    url: LiveUrl | None = None


class Sessions(Section):
    """How long a login lasts."""

    lifetime_hours: Count = 12
    idle_minutes: Count = 120


class Login(Section):
    """The limit on wrong passwords."""

    attempts_per_account: Count = 5
    attempts_per_address: Count = 50
    window_seconds: Count = 300
    lock_seconds: Count = 300


class Files(Section):
    """Files that people give in forms: where they are kept, and how much of them there may be."""

    folder: Folder | None = None
    max_megabytes: Annotated[StrictInt, Field(ge=1, le=10_000)] = 50
    tenant_megabytes: Count = 10_000
    loose_hours: Annotated[StrictInt, Field(ge=1, le=8760)] = 168
    uploads_per_minute: Count = 60


class IceServer(Section):
    """One STUN or TURN server, as in the browser's RTCIceServer."""

    urls: Annotated[tuple[Text, ...], Field(min_length=1)]
    username: Text | None = None
    credential: SecretStr | None = None

    @field_validator("urls", mode="before")
    @classmethod
    def _one_may_stand_alone(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @field_validator("urls")
    @classmethod
    def _are_stun_or_turn(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            parse_ice_url(url)
        return value

    @model_validator(mode="after")
    def _turn_needs_a_login(self) -> Self:
        if any(parse_ice_url(url).is_turn for url in self.urls) and not (self.username and self.credential):
            raise ValueError("is a TURN server and needs username and credential")
        return self


class Plugins(Section):
    """Which plugins are found, refused and on in a new tenant.

    `settings` and `tenant_defaults` are checked by each plugin's own schemas.
    """

    dirs: tuple[Folder, ...] = ()
    blocked: tuple[Text, ...] = ()
    strict: StrictBool = False
    enabled_by_default: tuple[Text, ...] = ("telephony", "routing", "wrapup", "promises", "records")
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)
    tenant_defaults: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)

    @field_validator("settings", "tenant_defaults", mode="before")
    @classmethod
    def _null_means_none(cls, value: object) -> object:
        if not isinstance(value, dict):
            return {} if value is None else value
        return {name: {} if keys is None else keys for name, keys in value.items()}


class Locale(Section):
    """Language and time zone where nobody has chosen any."""

    default_language: Literal["en", "ru"] = "en"
    default_timezone: str = "UTC"

    @field_validator("default_timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, LookupError):
            close = get_close_matches(value, sorted(available_timezones()), n=1)
            example = f"Did you mean {close[0]}?" if close else "Europe/Moscow is one."
            raise ValueError(f"must be the IANA name of a time zone. {example}") from None
        return value


class Logging(Section):
    """How much is logged, and for whom."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Settings(Section):
    """All settings of one installation, immutable, built by `load_settings`; tests may build their own."""

    demo: StrictBool = False
    data_dir: Folder = Field(default="var", validate_default=True)
    secret_key: Annotated[SecretStr, Field(min_length=32)] | None = None
    secret_key_previous: Annotated[SecretStr, Field(min_length=32)] | None = None
    server: Server = Server()
    database: Database = Database()
    broker: Broker = Broker()
    live: Live = Live()
    sessions: Sessions = Sessions()
    login: Login = Login()
    files: Files = Files()
    ice_servers: tuple[IceServer, ...] = ()
    plugins: Plugins = Plugins()
    locale: Locale = Locale()
    logging: Logging = Logging()

    _origins: Mapping[KeyPath, Origin] = PrivateAttr(default_factory=dict)
    _file: Path | None = PrivateAttr(default=None)

    @property
    def file(self) -> Path | None:
        """The file that was read, absolute; None when the settings were built in code."""
        return self._file

    def origin(self, *path: str | int) -> Origin:
        """Where a key was set; the nearest group that encloses it when it was not set itself."""
        for end in range(len(path), -1, -1):
            if found := self._origins.get(path[:end]):
                return found
        return NOWHERE


def _name_in_url(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_loopback or address.is_unspecified:
        return "localhost"
    return f"[{address}]" if address.version == 6 else str(address)
