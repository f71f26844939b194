"""API tokens."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, post
from litestar.params import JSONBody
from pydantic import Field

from core.accounts import tokens
from core.accounts.permissions import MANAGE_TOKENS
from core.accounts.sessions import SignedIn
from core.api.paging import Cursor, Limit, Page, page_of, read_cursor
from core.api.rights import authority_of
from core.api.shapes import Answer, Given, Id, Reference, Time
from core.plugins.context import Context
from core.web.identity import Identity


class Token(Answer):
    """A key by which a program acts as a user, in one of the user's roles."""

    id: int
    name: str
    """What it is for."""
    hint: str
    """Its last characters."""
    user_id: int
    user_name: str
    role: str
    """The key of the role in which it acts."""
    works: bool
    """Whether its user is active and has the role; it may still have expired."""
    created_by: int | None
    """The id of the user who made it."""
    created_at: Time
    expires_at: Time | None
    """null is never."""
    used_at: Time | None
    """When it was used last, to the minute; null for never."""


class MadeToken(Token):
    """A token that has just been made."""

    token: str
    """The token itself. Nothing can show it again."""


class NewToken(Given):
    """A token to make."""

    name: Annotated[str, Field(max_length=100)]
    """What it is for."""
    user_id: Reference
    """As whom it acts."""
    role: Annotated[str, Field(min_length=1, max_length=40)]
    """The key of one of that user's roles."""
    expires_at: Time | None = None
    """When it ends; null is never."""


@get("/tokens", permission=MANAGE_TOKENS, tags=["tokens"])
async def list_tokens(ctx: Context, limit: Limit = 50, cursor: Cursor = None) -> Page[Token]:
    """Lists the tokens, the newest first."""
    before = read_cursor(cursor, int)
    found = await tokens.tokens(ctx, before_id=before[0] if before else None, limit=limit + 1)
    return page_of(Token, found, limit, lambda token: (token.id,))


@post("/tokens", permission=MANAGE_TOKENS, tags=["tokens"])
async def create_token(ctx: Context, user: SignedIn, identity: Identity, data: JSONBody[NewToken]) -> MadeToken:
    """Makes a token. This answer alone shows it.

    The answer is a secret and is not kept, so this is the one creating request without an idempotency key: revoke a
    token whose answer got lost. Nobody can make a token with rights of administration that he does not have himself.
    """
    await authority_of(identity, ctx, user).check_roles(ctx, [data.role])
    text, view = await tokens.create_token(
        ctx, name=data.name, user_id=data.user_id, role=data.role, expires_at=data.expires_at
    )
    return MadeToken(**Token.model_validate(view).model_dump(), token=text)


@get("/tokens/{token_id:int}", permission=MANAGE_TOKENS, tags=["tokens"])
async def get_token(ctx: Context, token_id: Id) -> Token:
    """Gives what is known of one token."""
    return Token.model_validate(await tokens.get_token(ctx, token_id))


@delete("/tokens/{token_id:int}", permission=MANAGE_TOKENS, tags=["tokens"])
async def revoke_token(ctx: Context, user: SignedIn, identity: Identity, token_id: Id) -> None:
    """Revokes a token; the next request with it is refused."""
    view = await tokens.get_token(ctx, token_id)
    await authority_of(identity, ctx, user).check_roles(ctx, [view.role])
    await tokens.revoke_token(ctx, token_id)


HANDLERS = [list_tokens, create_token, get_token, revoke_token]
