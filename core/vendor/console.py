"""What stands around every page of the console."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar.response import Template

from core.locale import gettext as _
from core.web.rendering import public_page, wants_part


@dataclass(frozen=True)
class Place:
    """An entry of the console's navigation."""

    title: str
    url: str
    icon: str


def console_page(template: str, *, title: str, status_code: int = 200, **context: Any) -> Template:
    """A page of the console; the template extends `vendor/page.html` and fills its block `content`.

    When the browser changes from one page to another, only the main area is sent.
    """
    whole = not wants_part()
    return public_page(template, title=title, status_code=status_code, whole=whole, places=places(), **context)


def places() -> list[Place]:
    """The console's navigation."""
    return [
        Place(_("Overview"), "/vendor", "layout-dashboard"),
        Place(_("Tenants"), "/vendor/tenants", "building-community"),
        Place(_("Plugins"), "/vendor/plugins", "puzzle"),
        Place(_("Usage"), "/vendor/usage", "chart-bar"),
        Place(_("Health"), "/vendor/health", "heart-rate-monitor"),
        Place(_("Audit log"), "/vendor/audit", "history"),
    ]
