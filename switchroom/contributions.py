"""What a plugin contributes."""

from core.plugins.contributions import (
    Asset,
    Command,
    Models,
    NavItem,
    Panel,
    Permission,
    PluginSettings,
    Provider,
    Routes,
    Slot,
)

__all__ = [
    "Asset",
    "Command",
    "Models",
    "NavItem",
    "Panel",
    "Permission",
    "PluginSettings",
    "Provider",
    "Routes",
    "Slot",
]
