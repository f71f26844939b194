"""What buttons of forms can have done: a callback is promised, at a time that was answered there."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from plugins.promises.ledger import CALLBACK, PLUGIN, Ledger
from plugins.promises.settings import PromisesSettings
from plugins.promises.typed import read_contact_number
from switchroom import Context
from switchroom.capabilities import NewPromise
from switchroom.contributions import FormAction
from switchroom.forms import FormRef, Value
from switchroom.interactions import InteractionView, get_interaction, get_segment
from switchroom.locale import gettext
from switchroom.locale import mark as _

_SEGMENT = "core:segment:"


class Callback(BaseModel):
    """What a callback is promised with.

    Attributes:
        due: When.
        subject: What it is about; empty for what every callback is.
        number: Empty for that of the contact which the form is about.
        name: Empty for that of the contact.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    due: AwareDatetime = Field(title=_("When"))
    subject: str = Field("", title=_("What about"), max_length=200)
    number: str = Field("", title=_("Number"), max_length=40)
    name: str = Field("", title=_("Name"), max_length=200)


async def promise_callback(ctx: Context, form: FormRef, callback: Callback) -> dict[str, Value]:
    """Promises a callback by whoever answers the form; pressed again, puts off the one that is there.

    Raises:
        InvalidInput: The time is over, or the number cannot be used; names the argument.
    """
    settings: PromisesSettings = ctx.settings
    contact = await _contact(ctx, form.subject)
    new = NewPromise(
        kind=CALLBACK,
        due=callback.due,
        subject=callback.subject or gettext("Callback"),
        owner_id=form.user_id,
        reference=f"{PLUGIN}:{form.subject}:{form.user_id}",
        url=f"/card/{contact.id}" if contact else "",
        contact_name=callback.name or (contact.contact_name if contact else ""),
        contact_number=read_contact_number(callback.number, settings) or (contact.contact_number if contact else ""),
        interaction_id=contact.id if contact else None,
    )
    return {"promise": await Ledger().promise(ctx, new)}


async def _contact(ctx: Context, subject: str) -> InteractionView | None:
    """The contact that a form is about, where it is about an agent's part of one."""
    if not subject.startswith(_SEGMENT):
        return None
    segment = await get_segment(ctx, int(subject.removeprefix(_SEGMENT)))
    return await get_interaction(ctx, segment.interaction_id)


FORM_ACTIONS = [
    FormAction(
        "call_back",
        _("Promise a callback"),
        Callback,
        promise_callback,
        gives={"promise": _("Number of the promise")},
        summary=_("At a time that is answered in the form. Pressed again, the same callback is put off."),
    )
]
