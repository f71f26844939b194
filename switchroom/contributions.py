"""What a plugin contributes."""

from core.plugins.contributions import (
    Asset,
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
    "Models",
    "NavItem",
    "Panel",
    "Permission",
    "PluginSettings",
    "Provider",
    "Routes",
    "Slot",
]
