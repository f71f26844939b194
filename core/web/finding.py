"""What a search finds in core: pages, interactions, people."""

from __future__ import annotations

from dataclasses import dataclass

from core.accounts.directory import Filter, find_people
from core.accounts.permissions import HANDLE_INTERACTIONS, MANAGE_USERS, SEE_INTERACTIONS
from core.accounts.sessions import SignedIn
from core.interactions.history import find_interactions
from core.locale import gettext as _
from core.plugins.context import Context
from core.plugins.contributions import SearchHit
from core.web.administration import administration
from core.web.numbers import phone
from core.web.times import day_and_time
from core.web.workspace import navigation

LIMIT = 6
"""Hits of one kind."""

SHORTEST = 2
LONGEST = 100
"""Characters of what is searched for."""


@dataclass(frozen=True)
class Found:
    """The hits of one kind.

    Attributes:
        kind: What they are, in the reader's language.
    """

    kind: str
    hits: list[SearchHit]


@dataclass(frozen=True)
class FoundByPlugins:
    """What the tenant's plugins have found.

    Attributes:
        failed: The names of those that could not be asked.
    """

    found: list[Found]
    failed: list[str]


async def search_core(ctx: Context, user: SignedIn, words: str) -> list[Found]:
    """Pages, interactions and people, of each kind at most `LIMIT`; only what this user may open."""
    groups = [
        Found(_("Pages"), await _pages(ctx, user, words)),
        Found(_("Contacts"), await _interactions(ctx, user, words)),
        Found(_("Users"), await _people(ctx, words) if user.may(MANAGE_USERS) else []),
    ]
    return [group for group in groups if group.hits]


async def search_plugins(ctx: Context, words: str) -> FoundByPlugins:
    """What plugins find, by kind, of each plugin at most `LIMIT`."""
    by_kind: dict[str, list[SearchHit]] = {}
    failed: list[str] = []
    for outcome in await ctx.outcomes("search", query=words, limit=LIMIT):
        hits = outcome.answer if isinstance(outcome.answer, list | tuple) else []
        if outcome.error is not None:
            failed.append(outcome.plugin)
        for hit in hits[:LIMIT]:
            if isinstance(hit, SearchHit):
                by_kind.setdefault(hit.kind, []).append(hit)
    return FoundByPlugins([Found(kind, hits) for kind, hits in by_kind.items()], failed)


async def _pages(ctx: Context, user: SignedIn, words: str) -> list[SearchHit]:
    wanted = words.casefold()
    places = [(item.title, item.url, item.icon, "") for item in await navigation(ctx, user)]
    places += [(page.title, page.url, page.icon, page.summary) for page in await administration(ctx, user)]
    return [
        SearchHit(title, url, _("Pages"), icon, detail)
        for title, url, icon, detail in places
        if wanted in title.casefold()
    ][:LIMIT]


async def _interactions(ctx: Context, user: SignedIn, words: str) -> list[SearchHit]:
    if not (user.may(SEE_INTERACTIONS) or user.may(HANDLE_INTERACTIONS)):
        return []
    found = await find_interactions(ctx, words, user.id, sees_all=user.may(SEE_INTERACTIONS), limit=LIMIT)
    return [
        SearchHit(
            contact.contact_name or phone(contact.contact_number),
            f"/card/{contact.id}",
            _("Contacts"),
            "user",
            " · ".join(
                part
                for part in (
                    phone(contact.contact_number) if contact.contact_name and contact.contact_number else "",
                    day_and_time(contact.created_at),
                    contact.subject,
                )
                if part
            ),
        )
        for contact in found
    ]


async def _people(ctx: Context, words: str) -> list[SearchHit]:
    people = await find_people(ctx, Filter(words=words, active=None), limit=LIMIT)
    return [
        SearchHit(person.name, f"/admin/users/{person.id}", _("Users"), "user-circle", person.username)
        for person in people
    ]
