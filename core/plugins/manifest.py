"""`manifest.yaml`: what a plugin says of itself, readable without importing it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

API_VERSION = "1.0"
"""The version of the public API that this core offers to plugins."""

PluginName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,30}$")]


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
    requires: tuple[PluginName, ...] = ()
    """Plugins that must be ready for this one to start."""
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
        raise ManifestError(f"{path.name}, key {key!r}: {first['msg']}") from error
