"""API tokens: made, shown once, and revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from litestar import get, post

from core.accounts import tokens
from core.accounts.directory import Filter, find_people, get_person
from core.accounts.permissions import MANAGE_TOKENS
from core.accounts.sessions import SignedIn
from core.admin.answers import AnyRequest, Page, at_address, authority_of, text
from core.errors import InvalidInput
from core.locale import gettext as _
from core.plugins.context import Context
from core.web.identity import Identity
from core.web.rendering import page, with_toast

PAGE = 50
SHOWN_PEOPLE = 500
LIFETIMES = (30, 90, 365)
"""Days that a token may last; the other choice is for ever."""


@get("/admin/tokens", permission=MANAGE_TOKENS)
async def tokens_page(request: AnyRequest, ctx: Context) -> Page:
    """The tokens there are, the newest first."""
    return await _tokens_page(ctx, request)


@get("/admin/tokens/new", permission=MANAGE_TOKENS)
async def new_token(request: AnyRequest, ctx: Context, user: SignedIn, identity: Identity) -> Page:
    """The form for a token, of anybody or of the user whose page has led here."""
    authority = authority_of(identity, ctx, user)
    one = request.query_params.get("user", "")
    if one.isdecimal() and len(one) < 19:
        people = [await get_person(ctx, int(one))]
    else:
        people = await find_people(ctx, Filter(), limit=SHOWN_PEOPLE)
    givable = {role.key for role in await authority.roles(ctx) if authority.may_give(role)}
    choices = [
        (person, [role for role in person.roles if role.key in givable])
        for person in people
        if any(role.key in givable for role in person.roles)
    ]
    return await page("admin/token_new.html", title=_("Add a token"), choices=choices, lifetimes=LIFETIMES)


@post("/admin/tokens", permission=MANAGE_TOKENS, status_code=200)
async def create(request: AnyRequest, ctx: Context, user: SignedIn, identity: Identity) -> Page:
    """Makes a token and shows it once.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    form = await request.form()
    user_id, _colon, role = text(form, "acts_as").partition(":")
    if not user_id.isdecimal() or len(user_id) > 18:
        raise InvalidInput(_("The token cannot be created."), fields={"acts_as": _("Choose as whom the program acts.")})
    await authority_of(identity, ctx, user).check_roles(ctx, [role])
    days = text(form, "days")
    expires_at = datetime.now(UTC) + timedelta(days=int(days)) if days in map(str, LIFETIMES) else None
    try:
        shown, _view = await tokens.create_token(
            ctx, name=text(form, "name"), user_id=int(user_id), role=role, expires_at=expires_at
        )
    except InvalidInput as error:
        # Whose field it is there is a part of one choice here.
        fields = {"acts_as" if name in ("user_id", "role") else name: said for name, said in error.fields.items()}
        raise InvalidInput(error.message, fields=fields) from error
    answer = await _tokens_page(ctx, request, made=shown)
    return with_toast(at_address(answer, "/admin/tokens"), _("The token is ready."))


@post("/admin/tokens/{token_id:int}/revoke", permission=MANAGE_TOKENS, status_code=200)
async def revoke(request: AnyRequest, ctx: Context, user: SignedIn, identity: Identity, token_id: int) -> Page:
    """Ends a token at once."""
    token = await tokens.get_token(ctx, token_id)
    await authority_of(identity, ctx, user).check_roles(ctx, [token.role])
    await tokens.revoke_token(ctx, token_id)
    return with_toast(await _tokens_page(ctx, request), _("The token is revoked. It opens nothing any more."))


async def _tokens_page(ctx: Context, request: AnyRequest, *, made: str = "") -> Page:
    before = request.query_params.get("before", "")
    before_id = int(before) if before.isdecimal() and len(before) < 19 else None
    found = await tokens.tokens(ctx, before_id=before_id, limit=PAGE + 1)
    makers = {token.created_by for token in found if token.created_by}
    return await page(
        "admin/tokens.html",
        title=_("API tokens"),
        tokens=found[:PAGE],
        older=f"/admin/tokens?before={found[PAGE - 1].id}" if len(found) > PAGE else "",
        makers={maker: (await get_person(ctx, maker)).name for maker in makers},
        made=made,
        now=datetime.now(UTC),
    )


HANDLERS = [tokens_page, new_token, create, revoke]
