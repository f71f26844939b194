"""What a tenant has set of a plugin: read from its layers, brought to the schema's version, secrets kept sealed.

The layers, each over the one before: the schema's defaults, `plugins.tenant_defaults` of settings.yaml, and what the
tenant has saved. A secret of the schema (`pydantic.SecretStr`) is stored as `{"encrypted": "…"}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails, to_jsonable_python

from core.errors import InvalidInput, StartupError
from core.locale import gettext as _
from core.plugins.contributions import PluginSettings
from core.plugins.discovery import PluginRecord, PluginState
from core.plugins.registry import PluginRegistry
from core.settings import Settings
from core.settings.encryption import Cipher, Undecipherable

PURPOSE = "plugin settings"
SEALED = "encrypted"
SECRET_SET: dict[str, Any] = {"secret": "set"}
"""Stands for a secret that is set, where settings are shown. Given back, it keeps the secret."""
SECRET_UNSET: dict[str, Any] = {"secret": "unset"}

Values = Mapping[str, Any]


class UnusableSettings(Exception):
    """Stored settings that the plugin, as it is installed now, cannot be given; the text says why.

    Attributes:
        fields: Field → what is wrong with it, where it is fields.
    """

    def __init__(self, reason: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(reason)
        self.fields = fields or {}


class SettingsReader:
    """Turns what is stored into what plugins read, and what people enter into what is stored.

    Args:
        settings: The installation, for its defaults and its secret key.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cipher: Cipher | None = None

    def resolve(self, record: PluginRecord, stored: Values) -> BaseModel | None:
        """The settings of a plugin for a tenant; None for a plugin without any.

        Args:
            record: The plugin.
            stored: What the tenant has saved, of the version that the plugin has now; nothing for the defaults.

        Raises:
            UnusableSettings: They do not fit the schema, or a secret cannot be deciphered.
        """
        schema = record.contributions.settings.tenant
        if schema is None:
            return None
        try:
            own = {key: self._unseal(value) for key, value in stored.items()}
        except Undecipherable as error:
            raise UnusableSettings(f"A secret cannot be deciphered. {error}") from error
        return _validate(schema, {**self.defaults(record.name), **own})

    def defaults(self, plugin: str) -> dict[str, Any]:
        """What settings.yaml sets for tenants that have not chosen otherwise."""
        return dict(self._settings.plugins.tenant_defaults.get(plugin, {}))

    def accept(self, record: PluginRecord, stored: Values, given: Values) -> tuple[BaseModel, dict[str, Any]]:
        """Checks what somebody has entered; gives the settings, and what to store of them.

        What is given takes the place of what is stored. A secret that is left out, empty, or the marker of one that is
        set stays as it is; None removes it.

        Raises:
            InvalidInput: Something does not fit the schema; names each field.
        """
        schema = record.contributions.settings.tenant
        if schema is None:
            raise InvalidInput(_("The plugin %s has no settings.") % record.name)
        _refuse_unknown(schema, given)
        own = {key: value for key, value in given.items() if key not in secrets_of(schema)}
        try:
            for key in secrets_of(schema):
                own |= self._secret(key, stored, given)
            settings = _validate(schema, {**self.defaults(record.name), **own})
        except UnusableSettings as error:
            raise InvalidInput(_("Some settings cannot be used."), fields=error.fields) from error
        return settings, {key: self._seal(getattr(settings, key)) for key in own}

    def _secret(self, key: str, stored: Values, given: Values) -> dict[str, Any]:
        value = given.get(key, "")
        if value is None:
            return {}
        if value not in ("", SECRET_SET, SECRET_UNSET):
            return {key: value}
        try:
            return {key: self._unseal(stored[key])} if key in stored else {}
        except Undecipherable as error:
            # Nobody knows it any more, so it has to be entered again.
            raise UnusableSettings(str(error), {key: _("Enter it again: it cannot be deciphered.")}) from error

    def _seal(self, value: Any) -> Any:
        """The value as JSON, with each secret encrypted, however deep it lies."""
        if isinstance(value, SecretStr):
            return {SEALED: self._key().encrypt(value.get_secret_value())}
        if isinstance(value, BaseModel):
            return {name: self._seal(getattr(value, name)) for name in type(value).model_fields}
        if isinstance(value, Mapping):
            return {str(name): self._seal(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._seal(inner) for inner in value]
        return to_jsonable_python(value)

    def _unseal(self, value: Any) -> Any:
        if is_sealed(value):
            return self._key().decrypt(value[SEALED])
        if isinstance(value, dict):
            return {name: self._unseal(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._unseal(inner) for inner in value]
        return value

    def _key(self) -> Cipher:
        if self._cipher is None:
            self._cipher = Cipher(self._settings, PURPOSE)
        return self._cipher


def upgrade(contributed: PluginSettings, version: int, stored: Values) -> dict[str, Any]:
    """Stored settings of an older version as this one has them. Secrets stay sealed: the plugin moves them unread.

    Raises:
        UnusableSettings: They are of a newer version, or the plugin cannot bring them here.
    """
    if version == contributed.version:
        return dict(stored)
    if version > contributed.version:
        raise UnusableSettings(
            "Its settings were saved by a newer version of the plugin. Start that version, or save the settings again."
        )
    if contributed.migrate is None:
        return dict(stored)
    try:
        return dict(contributed.migrate(version, dict(stored)))
    except (Exception, SystemExit) as error:
        raise UnusableSettings(
            f"Its settings of version {version} could not be brought to version {contributed.version}: "
            f"{type(error).__name__}: {error}"
        ) from error


def secrets_of(schema: type[BaseModel]) -> frozenset[str]:
    """The fields of a schema that are secrets."""
    return frozenset(
        name
        for name, info in schema.model_fields.items()
        if info.annotation is SecretStr or SecretStr in get_args(info.annotation)
    )


def is_sealed(value: object) -> bool:
    """Whether a stored value is an encrypted secret."""
    return isinstance(value, dict) and value.keys() == {SEALED} and isinstance(value[SEALED], str)


def masked(value: Any) -> Any:
    """A value as it may be shown: JSON, with a marker in place of each secret."""
    if isinstance(value, SecretStr):
        return SECRET_SET if value.get_secret_value() else SECRET_UNSET
    if is_sealed(value):
        return SECRET_SET
    if isinstance(value, BaseModel):
        return {name: masked(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(name): masked(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(inner) for inner in value]
    return to_jsonable_python(value)


def check_tenant_defaults(settings: Settings, registry: PluginRegistry) -> None:
    """Refuses defaults of settings.yaml that plugins which have loaded do not accept.

    Raises:
        StartupError: One line for each problem, with file and line.
    """
    problems = []
    for record in registry.records:
        if record.state is not PluginState.LOADED:
            continue
        path = ("plugins", "tenant_defaults", record.name)
        given = settings.plugins.tenant_defaults.get(record.name, {})
        wrong = _wrong_defaults(record.contributions.settings.tenant, given)
        problems += [f"{settings.origin(*path, key)}: {'.'.join(path)}.{key}: {text}" for key, text in wrong.items()]
    if problems:
        raise StartupError("\n".join(problems))


def _wrong_defaults(schema: type[BaseModel] | None, values: Values) -> dict[str, str]:
    """Key → what is wrong with it. What is missing, tenants may still add."""
    if schema is None:
        return dict.fromkeys(values, _("There is no such setting."))
    try:
        _refuse_unknown(schema, values)
        _validate(schema, values)
    except InvalidInput as error:
        return error.fields
    except UnusableSettings as error:
        return {key: text for key, text in error.fields.items() if key.partition(".")[0] in values}
    return {}


def _validate(schema: type[BaseModel], values: Values) -> BaseModel:
    try:
        return schema.model_validate(dict(values))
    except ValidationError as error:
        fields: dict[str, str] = {}
        for detail in error.errors(include_url=False, include_input=False):
            fields.setdefault(".".join(str(part) for part in detail["loc"]), _sentence(detail))
        listed = "; ".join(f"{name}: {text}" if name else text for name, text in fields.items())
        raise UnusableSettings(f"Its settings do not fit: {listed}", fields) from None


def _refuse_unknown(schema: type[BaseModel], values: Values) -> None:
    known = sorted(schema.model_fields)
    unknown: dict[str, str] = {}
    for key in values:
        if key in known:
            continue
        close = get_close_matches(key, known, n=1)
        hint = _("Did you mean %s?") % close[0] if close else _("Known are: %s.") % ", ".join(known)
        unknown[key] = _("There is no such setting.") + f" {hint}"
    if unknown:
        raise InvalidInput(_("Some settings do not exist."), fields=unknown)


def _sentence(detail: ErrorDetails) -> str:
    """What is wrong with one field; the value is not repeated, it may be a secret."""
    if detail["type"] == "missing":
        return _("This must be set.")
    if detail["type"] == "extra_forbidden":
        return _("There is no such setting.")
    text = str(detail.get("ctx", {}).get("error") or detail["msg"])
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
