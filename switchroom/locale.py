"""Texts in the language of whoever reads them.

A plugin brings its own translations in `locale/<language>/LC_MESSAGES/<plugin>.po`.
"""

from core.locale import active_language, gettext, mark, ngettext, pgettext

__all__ = ["active_language", "gettext", "mark", "ngettext", "pgettext"]
