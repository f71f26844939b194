"""Requests that create something, sent twice with one key, create it once.

Everything happens in one transaction: the key, what the handler stores, and the answer that is given again. Whoever
dies in between leaves nothing behind, so there is no key that says "at work" for ever. While a request is at work its
key is locked in the database, for all processes; another request with it is told to come back.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from litestar import Request, Response
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from core.api.models import IdempotentAnswer
from core.database.connection import fetch_value
from core.database.transaction import transaction
from core.errors import Conflict, InvalidInput, SwitchroomError
from core.locale import gettext as _
from core.plugins.context import Context

HEADER = "Idempotency-Key"
LONGEST_KEY = 80
REPEATED = "Idempotency-Replayed"
"""The header of an answer that is given again."""

_KEY = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")


class AtWork(Conflict):
    """The first request with the key has not been answered yet."""

    code = "request_at_work"
    retry_after = 1

    def __init__(self) -> None:
        super().__init__(_("The first request with this key is still at work."), mend=_("Send it again in a second."))


class OtherRequest(SwitchroomError):
    """The key has been used for a request that was not this one."""

    code = "idempotency_key_reused"
    status = 422

    def __init__(self) -> None:
        super().__init__(_("This key was used for another request."), mend=_("Use a new key for every new request."))


class _Refused(Exception):
    """Undoes the transaction of a request that was answered with an error."""


@dataclass
class _Buffer:
    """An answer that waits for the commit."""

    messages: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return next(int(each["status"]) for each in self.messages if each["type"] == "http.response.start")

    @property
    def body(self) -> str:
        return b"".join(each["body"] for each in self.messages if each["type"] == "http.response.body").decode()


@dataclass(frozen=True)
class _Key:
    """A key, and the request that it was sent with."""

    text: str
    user_id: int
    digest: str


async def answer_once(
    app: ASGIApp, request: Request[Any, Any, Any], send: Send, ctx: Context, user_id: int, role: str
) -> None:
    """Lets `app` answer a request that has the header, or gives the answer of the first one again.

    An answer that is an error has created nothing: it is not kept, and the request may be sent again.

    Raises:
        InvalidInput: The key is not 1 to 80 visible ASCII characters.
        OtherRequest: The key belongs to another request.
        AtWork: The first request is not finished.
    """
    key = await _read(request, user_id, role)
    scope, receive = request.scope, request.receive
    buffer = _Buffer()
    try:
        async with transaction():
            if not await _lock(ctx, key):
                raise AtWork()
            known = await IdempotentAnswer.filter(user_id=user_id, key=key.text).first()
            if known is None:
                await _answer(app, scope, receive, buffer, key)
    except _Refused:
        known = None
    if known is None:
        for message in buffer.messages:
            await send(message)
        return
    if known.request_digest != key.digest:
        raise OtherRequest()
    await _repeat(known, request, send)


async def _read(request: Request[Any, Any, Any], user_id: int, role: str) -> _Key:
    text = request.headers[HEADER]
    if not _KEY.fullmatch(text):
        problem = _("Use 1 to %(most)d letters, digits and signs, without spaces.") % {"most": LONGEST_KEY}
        raise InvalidInput(_("The key of this request cannot be used."), fields={HEADER: problem})
    parts = (request.method, request.scope["path"], request.scope["query_string"].decode("latin-1"), role)
    digest = hashlib.sha256("\0".join(parts).encode() + b"\0" + await request.body()).hexdigest()
    return _Key(text, user_id, digest)


async def _lock(ctx: Context, key: _Key) -> bool:
    """Keeps other requests with the key from starting until the transaction ends; False when one has started."""
    name = f"core_idempotent_answer:{ctx.tenant.id}:{key.user_id}:{key.text}"
    locked: bool = await fetch_value("SELECT pg_try_advisory_xact_lock(hashtextextended($1::text, 0))", name)
    return locked


async def _answer(app: ASGIApp, scope: Scope, receive: Receive, buffer: _Buffer, key: _Key) -> None:
    await app(scope, receive, buffer.send)
    if buffer.status >= 400:
        raise _Refused
    await IdempotentAnswer.create(
        user_id=key.user_id, key=key.text, request_digest=key.digest, status=buffer.status, body=buffer.body
    )


async def _repeat(known: IdempotentAnswer, request: Request[Any, Any, Any], send: Send) -> None:
    response = Response(
        known.body.encode(), status_code=known.status, headers={REPEATED: "true"}, media_type="application/json"
    )
    await response.to_asgi_response(app=None, request=request)(request.scope, request.receive, send)
