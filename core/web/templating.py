"""The templates of core and of plugins, and what every template may use."""

from __future__ import annotations

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine

from core.forms.rendering import draw_icons_with
from core.locale import gettext, ngettext, pgettext
from core.locale.languages import NAMES
from core.plugins.registry import PluginRegistry
from core.web import times
from core.web.assets import DIST, icon, version
from core.web.numbers import grouped, phone, size
from core.web.texts import script_texts
from core.web.workspace import plugin_asset

FOLDER = "templates"


def template_engine(registry: PluginRegistry) -> JinjaTemplateEngine:
    """The templates of core by their names, and those of each plugin by `<plugin>/<name>`.

    Plugins can shadow neither core nor each other.
    """
    plugins = {record.name: FileSystemLoader(record.folder / FOLDER) for record in registry.ready}
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(DIST.parent.parent / FOLDER), PrefixLoader(dict(plugins))]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True, pgettext=pgettext
    )
    draw_icons_with(icon)
    environment.globals |= {
        "icon": icon,
        "core_asset": core_asset,
        "plugin_asset": plugin_asset,
        "script_texts": script_texts,
        "now_iso": times.now_iso,
        "languages": NAMES,
    }
    environment.filters |= {
        "clock_time": times.clock_time,
        "clock_seconds": times.clock_seconds,
        "day_and_time": times.day_and_time,
        "day": times.day,
        "span": times.span,
        "iso": times.iso,
        "initials": initials,
        "phone": phone,
        "grouped": grouped,
        "size": size,
        "slug": slug,
    }
    return JinjaTemplateEngine.from_environment(environment)


def core_asset(file: str) -> str:
    """The address of one of core's bundled files, which changes when the file does."""
    return f"/static/{file}?v={version(DIST / file)}"


def initials(name: str) -> str:
    """The first letters of a person's first and last name."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def slug(identifier: str) -> str:
    """An identifier, such as `telephony.softphone`, for use in an element's id."""
    return "".join(letter if letter.isalnum() else "-" for letter in identifier)
