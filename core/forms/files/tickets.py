"""The right to give files as the answer to one question: a signed text in the page that shows the question."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass

from core.errors import Forbidden
from core.locale import gettext as _
from core.plugins.context import Context

_PURPOSE = "files of forms"


@dataclass(frozen=True)
class Ticket:
    """Who may give which files, and as the answer to what.

    Whoever renders a form has decided that this person may answer it; the ticket carries that to the upload, which
    knows nothing of the page. The limits are looked at again when the form is sent.

    Attributes:
        tenant_id: The tenant.
        user_id: Who answers.
        form: The key of the form.
        subject: What the form is about.
        field: The key of the question.
        accepts: The sorts of files.
        most_bytes: How large a file may be.
    """

    tenant_id: int
    user_id: int
    form: str
    subject: str
    field: str
    accepts: tuple[str, ...]
    most_bytes: int

    def signed(self, ctx: Context) -> str:
        """The ticket as text, for the page."""
        body = json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False).encode()
        return f"{_text(body)}.{_text(_signature(ctx, body))}"


def read_ticket(ctx: Context, text: str, user_id: int) -> Ticket:
    """The ticket of this person in this tenant.

    Raises:
        Forbidden: It is none, or somebody else's.
    """
    refused = Forbidden(_("No file can be given here."), mend=_("Load the page anew, and add the file again."))
    body, _dot, signature = text.partition(".")
    try:
        signed = base64.urlsafe_b64decode(body)
        right = hmac.compare_digest(base64.urlsafe_b64decode(signature), _signature(ctx, signed))
    except ValueError:
        raise refused from None
    if not right:
        raise refused
    given = json.loads(signed)
    ticket = Ticket(**{**given, "accepts": tuple(given["accepts"])})
    if (ticket.tenant_id, ticket.user_id) != (ctx.tenant.id, user_id):
        raise refused
    return ticket


def _signature(ctx: Context, body: bytes) -> bytes:
    return hmac.new(ctx.derived_secret(_PURPOSE).encode(), body, hashlib.sha256).digest()


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode()
