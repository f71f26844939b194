"""What was answered about a contact, on its card and from the journal, for whoever may see that contact."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import Parameter

from plugins.wrapup.answers import file_of, parts_of
from switchroom import Context
from switchroom.contributions import CardTab
from switchroom.errors import NotFound
from switchroom.forms import Reader
from switchroom.interactions import InteractionView, get_interaction, handled_by
from switchroom.locale import gettext as _
from switchroom.web import SEE_INTERACTIONS, SIGNED_IN, SignedIn, download, fragment

RowId = Annotated[int, Parameter(ge=1, le=2**63 - 1)]


@get("/contacts/{interaction_id:int}/answers", permission=SIGNED_IN)
async def answers_tab(ctx: Context, user: SignedIn, interaction_id: RowId) -> Response[Any]:
    """The answers of every agent who handled it, with the corrections beside."""
    interaction = await _visible(ctx, user, interaction_id)
    parts = await parts_of(ctx, interaction.id, Reader(user.zone))
    return fragment("wrapup/answers.html", parts=parts, files=_files(interaction.id))


@get("/contacts/{interaction_id:int}/files/{file_id:int}", permission=SIGNED_IN)
async def answered_file(ctx: Context, user: SignedIn, interaction_id: RowId, file_id: RowId) -> Response[Any]:
    """A file that was given as an answer, to be saved."""
    interaction = await _visible(ctx, user, interaction_id)
    return await download(ctx, await file_of(ctx, interaction.id, file_id))


def answers_card_tab(interaction: InteractionView) -> CardTab:
    """The tab of the card, which the journal shows too."""
    return CardTab(
        "answers",
        _("Form answers"),
        f"/p/wrapup/contacts/{interaction.id}/answers",
        "clipboard-text",
        topics=(f"interaction:{interaction.id}", "wrapup"),
        order=20,
        in_journal=True,
    )


def _files(interaction_id: int) -> str:
    return f"/p/wrapup/contacts/{interaction_id}/files"


async def _visible(ctx: Context, user: SignedIn, interaction_id: int) -> InteractionView:
    """The interaction, for whoever may see its card: to others there is none."""
    interaction = await get_interaction(ctx, interaction_id)
    if not user.may(SEE_INTERACTIONS) and not await handled_by(ctx, interaction_id, user.id):
        raise NotFound(_("There is no such interaction."))
    return interaction


PAGES = [answers_tab, answered_file]
