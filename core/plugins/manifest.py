"""`manifest.yaml`: what a plugin says of itself, readable without importing it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

API_VERSION = "1.0"
"""The version of the public API that this core offers to plugins."""

_RESERVED = {
    "core has pages there": (
        "admin agents api card day files healthz home live login logout p preferences readyz role search static status "
        "vendor window workspace"
    ),
    "core has templates of that name, so '<name>/<file>' could be either's (a template clash)": (
        "forms fragments shell templates"
    ),
    "core has a command of that name": (
        "doctor media migrate operators plugin plugins run scheduler tenants users web worker"
    ),
    "it stands for core": "core custom hookspecs switchroom system",
}

RESERVED = {name: reason for reason, names in _RESERVED.items() for name in names.split()}
"""Names that no plugin and no public prefix may have, with the reason."""

PluginName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,30}$")]


_NAME = re.compile(r"[a-z][a-z0-9]{1,30}")


class ManifestError(Exception):
    """A manifest that cannot be used; the text says which key and why."""


class Manifest(BaseModel):
    """The keys of `manifest.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: PluginName
    version: str
    api: str
    """The range of API versions that the plugin was written for, such as `>=1.0,<2`."""
    summary: str
    title: str = ""
    """What people read; translated by the plugin. Left empty, it is the name with a capital."""
    icon: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")] = "puzzle"
    """The name of a Tabler icon."""
    requires: tuple[str, ...] = ()
    """Plugins that must be ready for this one to start, each a name with or without versions: `telephony>=1.0`."""
    after: tuple[PluginName, ...] = ()
    """Plugins that come first when they are there."""
    restricted: bool = False
    """Only the vendor may enable it for a tenant."""
    public_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z-]{1,20}$")] | None = None
    """The first part of the path of the plugin's public pages: `/<public_prefix>/<tenant>/…`."""

    @field_validator("api")
    @classmethod
    def _range(cls, value: str) -> str:
        try:
            SpecifierSet(value)
        except InvalidSpecifier as error:
            raise ValueError(f"{value!r} is not a range of versions such as '>=1.0,<2'") from error
        return value

    @field_validator("version")
    @classmethod
    def _version(cls, value: str) -> str:
        try:
            Version(value)
        except InvalidVersion as error:
            raise ValueError(f"{value!r} is not a version such as '1.0.2'") from error
        return value

    @field_validator("requires")
    @classmethod
    def _names_with_versions(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            try:
                need = Requirement(value)
            except InvalidRequirement as error:
                raise ValueError(f"{value!r} is not the name of a plugin, such as 'telephony>=1.0'") from error
            if need.extras or need.url or need.marker or not _NAME.fullmatch(need.name):
                raise ValueError(f"{value!r} is not the name of a plugin, such as 'telephony>=1.0'")
        return values

    @field_validator("name", "public_prefix")
    @classmethod
    def _is_free(cls, value: str | None) -> str | None:
        if value in RESERVED:
            raise ValueError(f"{value!r} is reserved: {RESERVED[value]}")
        return value

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """What it requires: names with ranges of versions."""
        return tuple(Requirement(value) for value in self.requires)

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the plugins that it requires."""
        return tuple(need.name for need in self.requirements)

    @property
    def compatible(self) -> bool:
        """Whether this core offers an API version in the plugin's range."""
        return API_VERSION in SpecifierSet(self.api)


def read_manifest(path: Path) -> Manifest:
    """Reads one manifest.

    Raises:
        ManifestError: The file cannot be read, is not YAML, or a key is missing, unknown or wrong.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ManifestError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise ManifestError(f"{path.name} must hold keys and values.")
    try:
        return Manifest.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ManifestError(f"{path.name}, key {key!r}: {first['msg'].removeprefix('Value error, ')}") from error
