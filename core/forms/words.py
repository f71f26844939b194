"""What pydantic found wrong, in the words and the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.locale import gettext as _


def in_words(kind: str, context: Mapping[str, Any], message: str) -> str:
    """What is said about an error of this kind, with its context; `message` where there are no words for it."""
    match kind:
        case "missing":
            return _("This must be answered.")
        case "value_error" | "assertion_error":
            return _(str(context.get("error", message)))
        case "int_type" | "int_parsing" | "int_from_float":
            return _("Enter a whole number.")
        case "float_type" | "float_parsing" | "decimal_type" | "decimal_parsing":
            return _("Enter a number.")
        case "greater_than_equal":
            return _("At least %(least)s.") % {"least": context["ge"]}
        case "less_than_equal":
            return _("At most %(most)s.") % {"most": context["le"]}
        case "greater_than":
            return _("More than %(least)s.") % {"least": context["gt"]}
        case "less_than":
            return _("Less than %(most)s.") % {"most": context["lt"]}
        case "string_too_short":
            return _("At least %(least)s characters.") % {"least": context["min_length"]}
        case "string_too_long":
            return _("At most %(most)s characters.") % {"most": context["max_length"]}
        case "too_short":
            return _("At least %(least)s entries.") % {"least": context["min_length"]}
        case "too_long":
            return _("At most %(most)s entries.") % {"most": context["max_length"]}
        case "enum" | "literal_error":
            return _("Choose one of the options.")
        case "string_pattern_mismatch":
            return _("This does not have the right form.")
        case "extra_forbidden":
            return _("Unknown field.")
        case "url_parsing" | "url_scheme" | "url_syntax_violation" | "url_type":
            return _("Give a web address that begins with https:// or http://.")
    return _(message)
