"""The audit log in words: what an action is called, and values as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.audit.log import Entry
from core.locale import gettext as _
from core.locale import mark
from core.web.times import day_and_time

ACTIONS = {
    "core.user_created": mark("User added"),
    "core.user_changed": mark("User changed"),
    "core.user_roles_changed": mark("Roles of a user changed"),
    "core.password_reset": mark("Password reset"),
    "core.user_deactivated": mark("Account switched off"),
    "core.user_reactivated": mark("Account switched on"),
    "core.user_logged_out": mark("User logged out everywhere"),
    "core.role_created": mark("Role added"),
    "core.role_changed": mark("Role changed"),
    "core.role_deleted": mark("Role deleted"),
    "core.team_created": mark("Team added"),
    "core.team_changed": mark("Team changed"),
    "core.team_deleted": mark("Team deleted"),
    "core.agent_moved": mark("Agent moved to another team"),
    "core.lookup_entry_added": mark("Entry of a list added"),
    "core.lookup_entry_changed": mark("Entry of a list changed"),
    "core.lookup_entry_switched_on": mark("Entry of a list switched on"),
    "core.lookup_entry_switched_off": mark("Entry of a list switched off"),
    "core.lookup_ordered": mark("List put in another order"),
    "core.form_made": mark("Form added"),
    "core.form_published": mark("Form published"),
    "core.form_archived": mark("Form archived"),
    "core.form_restored": mark("Form taken out of the archive"),
    "core.form_answers_exported": mark("Answers to a form exported"),
    "core.form_deleted": mark("Form deleted"),
    "core.token_created": mark("API token added"),
    "core.token_revoked": mark("API token revoked"),
    "core.plugin_enabled": mark("Plugin switched on"),
    "core.plugin_disabled": mark("Plugin switched off"),
    "core.plugin_purged": mark("Data of a plugin deleted"),
    "core.plugin_settings_saved": mark("Settings of a plugin changed"),
    "core.plugin_issue_resumed": mark("Failing part of a plugin tried again"),
    "core.plugin_issue_dismissed": mark("Issue of a plugin put away"),
    "core.tenant_created": mark("Organisation added"),
    "core.tenant_cloned": mark("Organisation copied"),
    "core.tenant_suspended": mark("Organisation suspended"),
    "core.tenant_resumed": mark("Organisation resumed"),
    "core.tenant_export_begun": mark("Export of the organisation begun"),
    "core.tenant_export_loaded": mark("Export of the organisation loaded"),
    "core.tenant_deletion_begun": mark("Deletion of the organisation begun"),
    "core.tenant_deleted": mark("Organisation deleted"),
    "core.operator_created": mark("Operator of the vendor added"),
    "core.operator_password_set": mark("Password of an operator set"),
    "core.operator_deactivated": mark("Operator of the vendor switched off"),
    "core.operator_logged_in": mark("Operator of the vendor logged in"),
    "core.job_retried": mark("Job tried again"),
    "core.job_discarded": mark("Job deleted"),
    "core.jobs_retried": mark("Jobs tried again"),
    "core.jobs_discarded": mark("Jobs deleted"),
}
"""Core's actions; one of a plugin is made readable by itself."""

FIELDS = {
    "username": mark("Login"),
    "name": mark("Name"),
    "timezone": mark("Time zone"),
    "language": mark("Language"),
    "roles": mark("Roles"),
    "role": mark("Role"),
    "active": mark("Active"),
    "logins": mark("Logins ended"),
    "permissions": mark("Permissions"),
    "offer_seconds": mark("Ring for, seconds"),
    "no_answer_seconds": mark("Missed for, seconds"),
    "wrap_up_seconds": mark("Wrap-up, seconds"),
    "missed_limit": mark("On a break after, missed"),
    "least_available": mark("Always available, agents"),
    "auto_answer": mark("Answer by itself"),
    "channels": mark("Channels"),
    "capacity": mark("At once"),
    "alone": mark("Only to agents with empty hands"),
    "icon": mark("Icon"),
    "is_break": mark("Counts as a break"),
    "daily_limit_minutes": mark("Limit a day, minutes"),
    "set_by": mark("May be chosen by"),
    "teams": mark("Teams"),
    "team": mark("Team"),
    "order": mark("Order"),
    "name_en": mark("Name in English"),
    "name_ru": mark("Name in Russian"),
    "hint": mark("Last characters"),
    "user": mark("User"),
    "expires_at": mark("Expires"),
    "enabled": mark("On"),
    "settings": mark("Settings"),
}

ACTORS = {"system": mark("The system"), "customer": mark("A customer")}


@dataclass(frozen=True)
class Change:
    """One value of an entry: what it is, as it was, as it is. `added` and `removed` are of lists."""

    field: str
    before: str
    after: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    is_list: bool = False


@dataclass(frozen=True)
class Line:
    """An entry of the log, in words."""

    entry: Entry
    action: str
    who: str
    by_vendor: bool
    changes: tuple[Change, ...]


def line_of(entry: Entry, titles: Mapping[str, str]) -> Line:
    """An entry in the language of who reads.

    Args:
        entry: The entry.
        titles: Name of a permission → its title, since roles are recorded by the names of permissions.
    """
    fields = list(dict.fromkeys([*entry.before, *entry.after]))
    return Line(
        entry,
        action_title(entry.action),
        actor_title(entry.actor, entry.actor_name),
        entry.actor.startswith("operator"),
        tuple(
            _change(name, entry.before.get(name), entry.after.get(name), titles)
            for name in fields
            if entry.before.get(name) not in (None, "") or entry.after.get(name) not in (None, "")
        ),
    )


def action_title(action: str) -> str:
    """What an action is called."""
    if action in ACTIONS:
        return _(ACTIONS[action])
    plugin, _dot, what = action.partition(".")
    words = what.replace("_", " ").replace(".", " ")
    return words.capitalize() if plugin == "core" else f"{plugin.capitalize()}: {words}"


def actor_title(actor: str, name: str) -> str:
    """Who did something."""
    return name or _(ACTORS.get(actor, "")) or actor


def field_title(name: str) -> str:
    """What a value is called."""
    return _(FIELDS[name]) if name in FIELDS else name.replace("_", " ").replace(".", ": ").capitalize()


def _change(name: str, before: Any, after: Any, titles: Mapping[str, str]) -> Change:
    if isinstance(before, list | None) and isinstance(after, list | None) and name != "order":
        old, new = [[_word(item, titles) for item in items or []] for items in (before, after)]
        return Change(
            field_title(name),
            ", ".join(old),
            ", ".join(new),
            added=tuple(item for item in new if item not in old),
            removed=tuple(item for item in old if item not in new),
            is_list=before is not None or after is not None,
        )
    return Change(field_title(name), _word(before, titles), _word(after, titles))


def _word(value: Any, titles: Mapping[str, str]) -> str:
    match value:
        case None | "":
            return ""
        case bool():
            return _("yes") if value else _("no")
        case list():
            return ", ".join(_word(item, titles) for item in value)
        case dict():
            return "; ".join(f"{field_title(str(key))}: {_word(item, titles)}" for key, item in value.items())
        case str() if value in titles:
            return titles[value]
        case str() if len(value) >= 19 and value[4:5] == "-" and value[10:11] in "T ":
            return _moment(value)
        case str():
            return _(value)
    return str(value)


def _moment(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return day_and_time(moment) if moment.tzinfo else value
