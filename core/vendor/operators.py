"""The people of the vendor: made on the command line, logged in to the console, apart from every tenant's users."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tortoise.exceptions import IntegrityError

from core.accounts.operators import SignedInOperator
from core.accounts.passwords import hash_password
from core.audit.log import record_of
from core.database.connection import execute, fetch, fetch_row
from core.database.transaction import transaction
from core.errors import Conflict, InvalidInput, NotFound
from core.locale import gettext as _
from core.locale.languages import NAMES
from core.plugins.context import SYSTEM, Actor, ActorKind
from core.vendor.models import Operator

if TYPE_CHECKING:
    from core.settings import Settings

SHORTEST_PASSWORD = 12
"""Longer than a tenant's users need: an operator reaches every tenant."""
LONGEST_PASSWORD = 1000
THEMES = ("auto", "light", "dark")

DEMO_USERNAME = "vendor"
DEMO_PASSWORD = "demo"  # noqa: S105 - a demo installation is on loopback addresses alone

_USERNAME = re.compile(r"[^\W_](?:[\w.@+ -]{0,62}[\w])?")


@dataclass(frozen=True)
class OperatorView:
    """An operator, for a list.

    Attributes:
        seen_at: When an open login was used last; None where there is none.
    """

    id: int
    username: str
    name: str
    active: bool
    created_at: datetime
    seen_at: datetime | None


def acting(operator: SignedInOperator) -> Actor:
    """The operator as the one who does something."""
    return Actor(ActorKind.OPERATOR, operator_id=operator.id, name=operator.name)


async def all_operators() -> list[OperatorView]:
    """Everybody who may, or might, use the console."""
    rows = await fetch(
        "SELECT operator.id, operator.username, operator.name, operator.active, operator.created_at, "
        "(SELECT max(seen_at) FROM core_operator_session WHERE operator_id = operator.id) AS seen_at "
        "FROM core_operator AS operator ORDER BY operator.username"
    )
    return [OperatorView(**row) for row in rows]


async def create_operator(
    settings: Settings, username: str, name: str, password: str, *, by: Actor = SYSTEM
) -> OperatorView:
    """Adds a person who may log in to the console.

    Args:
        settings: The installation; a demo one takes any password.
        username: What is typed at login; upper and lower case are the same.
        name: What audit logs call the person.
        password: At least 12 characters.
        by: Who adds it.

    Raises:
        InvalidInput: A value cannot be used; names the field.
        Conflict: The username is taken.
    """
    username, name = username.strip().casefold(), name.strip()
    wrong: dict[str, str] = {}
    if not _USERNAME.fullmatch(username):
        wrong["username"] = _("Use 1 to 64 letters, digits, spaces or any of . @ + - _")
    if not 1 <= len(name) <= 200:
        wrong["name"] = _("Enter a name of at most 200 characters.")
    if problem := _password_problem(settings, password):
        wrong["password"] = problem
    if wrong:
        raise InvalidInput(_("The operator cannot be created."), fields=wrong)
    password_hash = await hash_password(password)
    async with transaction():
        try:
            row = await Operator.create(username=username, name=name, password_hash=password_hash)
        except IntegrityError as error:
            raise Conflict(_("There is an operator named %(username)s already.") % {"username": username}) from error
        await _note(by, "core.operator_created", row)
    return OperatorView(row.id, row.username, row.name, row.active, row.created_at, None)


async def set_operator_password(settings: Settings, username: str, password: str, *, by: Actor = SYSTEM) -> None:
    """Replaces a password and ends the operator's logins everywhere.

    Raises:
        InvalidInput: The password is too short.
        NotFound: There is no such operator.
    """
    if problem := _password_problem(settings, password):
        raise InvalidInput(_("The password cannot be used."), fields={"password": problem})
    password_hash = await hash_password(password)
    async with transaction():
        row = await _named(username)
        row.password_hash = password_hash
        await row.save(update_fields=["password_hash"])
        await _end_sessions(row.id)
        await _note(by, "core.operator_password_set", row)


async def deactivate_operator(username: str, *, by: Actor = SYSTEM) -> None:
    """Refuses further logins and ends those there are; what the operator has done stays in the audit log.

    Raises:
        NotFound: There is no such operator.
    """
    async with transaction():
        row = await _named(username)
        row.active = False
        await row.save(update_fields=["active"])
        await _end_sessions(row.id)
        await _note(by, "core.operator_deactivated", row)


async def ensure_demo_operator(settings: Settings) -> None:
    """Makes the operator of a demo installation, where there is none of that name."""
    if await fetch_row("SELECT FROM core_operator WHERE username = $1", DEMO_USERNAME) is None:
        await create_operator(settings, DEMO_USERNAME, "Vera Novak", DEMO_PASSWORD)


async def choose_language(operator: SignedInOperator, language: str) -> None:
    """Sets the language of the operator's pages.

    Raises:
        InvalidInput: There is no such language.
    """
    if language not in NAMES:
        raise InvalidInput(_("There is no such language."), fields={"language": _("There is no such language.")})
    await execute("UPDATE core_operator SET language = $2 WHERE id = $1", operator.id, language)


async def choose_theme(operator: SignedInOperator, theme: str) -> None:
    """Sets the look of the operator's pages: `light`, `dark`, or `auto` for what the device prefers.

    Raises:
        InvalidInput: There is no such theme.
    """
    if theme not in THEMES:
        raise InvalidInput(_("There is no such theme."), fields={"theme": _("There is no such theme.")})
    await execute("UPDATE core_operator SET theme = $2 WHERE id = $1", operator.id, theme)


async def _named(username: str) -> Operator:
    row = await Operator.get_or_none(username=username.strip().casefold())
    if row is None:
        raise NotFound(_("There is no operator named %(username)s.") % {"username": username})
    return row


async def _end_sessions(operator_id: int) -> None:
    await execute("DELETE FROM core_operator_session WHERE operator_id = $1", operator_id)


async def _note(by: Actor, action: str, row: Operator) -> None:
    await record_of(None, by, action, f"core:operator:{row.id}", row.username, {}, {})


def _password_problem(settings: Settings, password: str) -> str | None:
    if len(password) > LONGEST_PASSWORD:
        return _("Use at most 1000 characters.")
    if len(password) < SHORTEST_PASSWORD and not settings.demo:
        return _("Use at least %(number)d characters.") % {"number": SHORTEST_PASSWORD}
    return None
