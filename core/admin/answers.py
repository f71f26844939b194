"""What pages of the administration share: who may give what, forms with lists, and the page after a change."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.datastructures import FormMultiDict

from core.accounts.authority import Authority
from core.accounts.sessions import SignedIn
from core.plugins.context import Context
from core.web.identity import Identity
from core.web.rendering import AnyResponse

AnyRequest = Request[Any, Any, Any]
Page = Response[Any]


def authority_of(identity: Identity, ctx: Context, user: SignedIn) -> Authority:
    """What the person behind the request may give and touch."""
    return Authority(identity.permissions, ctx.enabled_plugins, user.permissions)


def at_address(response: AnyResponse, path: str) -> AnyResponse:
    """Lets the browser's address be that of the page which a change has led to."""
    response.headers["HX-Push-Url"] = path
    return response


def text(form: FormMultiDict, name: str) -> str:
    """A field of a form; empty when it was not sent."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def texts(form: FormMultiDict, name: str) -> list[str]:
    """All values of a field, such as of boxes that are ticked."""
    return [value for value in form.getall(name, []) if isinstance(value, str)]


def seconds(form: FormMultiDict, name: str) -> int:
    """A whole number of a form; -1, which no limit allows, for anything else."""
    value = text(form, name).strip()
    return int(value) if value.isdecimal() and len(value) <= 9 else -1
