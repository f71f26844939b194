"""The installation's settings: `settings.yaml` and its overrides from the environment, validated."""

from core.settings.ice import IceUrl, parse_ice_url
from core.settings.loading import check_plugin_names, check_plugin_settings, load_settings, validate_plugin_settings
from core.settings.models import (
    Broker,
    Database,
    Files,
    IceServer,
    Live,
    Locale,
    Logging,
    Login,
    Plugins,
    Server,
    Sessions,
    Settings,
)
from core.settings.secret_key import SECRET_KEY_FILE, secret_key

__all__ = [
    "SECRET_KEY_FILE",
    "Broker",
    "Database",
    "Files",
    "IceServer",
    "IceUrl",
    "Live",
    "Locale",
    "Logging",
    "Login",
    "Plugins",
    "Server",
    "Sessions",
    "Settings",
    "check_plugin_names",
    "check_plugin_settings",
    "load_settings",
    "parse_ice_url",
    "secret_key",
    "validate_plugin_settings",
]
