"""Finds the settings file, lays the environment over it and checks the whole, reporting all problems at once."""

import os
import socket
from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from core.errors import StartupError
from core.settings.models import Settings
from core.settings.problems import dotted, explain, nearest, variable
from core.settings.shape import takes_text
from core.settings.source import KeyPath, Origin, Source, overrides, parse_value, read_file, set_key

FILE_VARIABLE = "SWITCHROOM_SETTINGS"
PROJECT_ROOT = Path(__file__).resolve().parents[2]

Model = TypeVar("Model", bound=BaseModel)


def load_settings(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the settings; nothing is written, nothing but a host name of a demo server is looked up.

    Args:
        path: The settings file. None looks at the variable SWITCHROOM_SETTINGS, then for `settings.yaml` in the
            working folder, then beside the installed project.
        environ: Where overrides are taken from: SWITCHROOM__GROUP__KEY, the value read as YAML.

    Raises:
        StartupError: The file is missing or wrong. The message has one line for each problem, with file and line or
            the variable, the key, and the nearest right name. It repeats no secret.
    """
    file = _find(path, environ)
    source = read_file(file)
    for key, raw, origin in overrides(environ):
        set_key(source, key, _value(key, raw), origin)
    settings = _validate(source, file)
    if problems := [*source.problems, *_contradictions(settings)]:
        raise StartupError("\n".join(problems))
    return settings


def check_plugin_names(settings: Settings, known: Iterable[str]) -> None:
    """Refuse settings that name a plugin which was not found.

    Args:
        settings: What was loaded.
        known: The names of all plugins found, broken ones included.

    Raises:
        StartupError: One line for each name that is not known, with the nearest one that is.
    """
    names = set(known)
    plugins = settings.plugins
    named: list[tuple[KeyPath, str]] = [(("plugins", "settings", name), name) for name in plugins.settings]
    named += [(("plugins", "tenant_defaults", name), name) for name in plugins.tenant_defaults]
    for key, listed in (("blocked", plugins.blocked), ("enabled_by_default", plugins.enabled_by_default)):
        named += [(("plugins", key, index), name) for index, name in enumerate(listed)]
    problems = [_unknown_plugin(settings.origin(*path), path, name, names) for path, name in named if name not in names]
    if problems:
        raise StartupError("\n".join(problems))


def validate_plugin_settings(settings: Settings, name: str, model: type[Model]) -> Model:
    """Check the installation's settings of one plugin (`plugins.settings.<name>`) against the plugin's own schema.

    Raises:
        StartupError: They do not fit; one line for each problem, like `load_settings`.
    """
    try:
        return model.model_validate(settings.plugins.settings.get(name, {}))
    except ValidationError as error:
        raise StartupError("\n".join(explain(error, model, settings.origin, ("plugins", "settings", name)))) from None


def check_plugin_settings(settings: Settings, schemas: Mapping[str, type[BaseModel] | None]) -> None:
    """Check the installation's settings of all plugins that have loaded.

    Args:
        settings: What was loaded.
        schemas: The schema of each plugin, None for one that has no such settings. Others are not looked at.

    Raises:
        StartupError: One line for each problem of any plugin.
    """
    problems = []
    for name, schema in schemas.items():
        if schema is None and settings.plugins.settings.get(name):
            path = ("plugins", "settings", name)
            problems.append(f"{settings.origin(*path)}: {dotted(path)}: the plugin {name} has no settings. Remove it.")
        elif schema is not None:
            try:
                validate_plugin_settings(settings, name, schema)
            except StartupError as error:
                problems.append(error.message)
    if problems:
        raise StartupError("\n".join(problems))


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address means this machine only, whichever way it resolves.

    Raises:
        OSError: The name does not resolve.
    """
    found = {info[4][0] for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    return bool(found) and all(_is_loopback_address(str(address)) for address in found)


def _find(path: Path | None, environ: Mapping[str, str]) -> Path:
    named = path or (Path(environ[FILE_VARIABLE]) if environ.get(FILE_VARIABLE) else None)
    if named is not None:
        if not named.is_file():
            raise StartupError(f"There is no settings file {named}.", mend=f"Name one with {FILE_VARIABLE}.")
        return named.absolute()
    places = [Path.cwd() / "settings.yaml", PROJECT_ROOT / "settings.yaml"]
    for file in places:
        if file.is_file():
            return file
    looked = " nor ".join(str(file) for file in dict.fromkeys(places))
    raise StartupError(f"There is no settings file: neither {FILE_VARIABLE} names one, nor is there {looked}.")


def _value(key: KeyPath, raw: str) -> object:
    if takes_text(Settings, key):
        return None if raw in ("", "null", "~") else raw
    return parse_value(raw)


def _validate(source: Source, file: Path) -> Settings:
    def origin(*path: str | int) -> Origin:
        return next(source.origins[path[:end]] for end in range(len(path), -1, -1) if path[:end] in source.origins)

    try:
        settings = Settings.model_validate(source.data, context={"folder": file.parent})
    except ValidationError as error:
        raise StartupError("\n".join([*source.problems, *explain(error, Settings, origin)])) from None
    settings._origins = source.origins
    settings._file = file
    return settings


def _contradictions(settings: Settings) -> list[str]:
    """Find keys that are right each by itself and wrong together."""
    problems = []
    if settings.database.url and settings.secret_key is None:
        problems.append(
            f"{settings.origin('database', 'url')}: secret_key must be set when database.url is set, because every "
            "process that shares the database must share it. Make one with `openssl rand -base64 32`."
        )
    if settings.demo:
        problems += _demo_is_reachable(settings)
    return problems


def _demo_is_reachable(settings: Settings) -> list[str]:
    hosts: dict[tuple[str, str], Any] = {("server", "host"): settings.server.host}
    if settings.server.public_url:
        hosts["server", "public_url"] = urlsplit(settings.server.public_url).hostname
    problems = []
    for path, host in hosts.items():
        try:
            if is_loopback(host):
                continue
            what = f"{dotted(path)} ({host}) can be reached from other machines, and demo is true"
        except (OSError, UnicodeError):
            what = f"{dotted(path)} ({host}) does not resolve to an address, and demo is true"
        problems.append(
            f"{settings.origin(*path)}: {what}: the demo's passwords are public. "
            f"Set demo to false ({variable(('demo',))}=false) or {dotted(path)} to an address of this machine only."
        )
    return problems


def _is_loopback_address(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def _unknown_plugin(origin: Origin, path: KeyPath, name: str, known: set[str]) -> str:
    meant = nearest(name, sorted(known))
    hint = f"Did you mean {meant}?" if meant else f"Found: {', '.join(sorted(known)) or 'none'}."
    return f"{origin}: {dotted(path)}: there is no plugin {name}. {hint}"
