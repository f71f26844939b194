"""Wrap-up keeps what every plugin promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from plugins.wrapup.dispositions.lists import list_of_all
from plugins.wrapup.models import NextAttempt
from switchroom.database import fetch_value
from switchroom.interactions import accept_offer, create_interaction, make_offer, open_segment
from switchroom.runtime import Context
from switchroom.testing.contract import PluginContract

_FILE = "SELECT max(id) FROM core_form_file WHERE tenant_id = $1"
_NEW_FILE = """
INSERT INTO core_form_file (tenant_id, user_id, form, subject, field, name, media_type, size, sha256, store_key, state,
    expires_at, uploaded_at)
VALUES ($1, $2, 'custom:delivery', $3, 'papers', 'a.pdf', 'application/pdf', 5, '', 'none/' || $1::bigint, 'loose',
    now() + interval '1 day', now()) RETURNING id
"""


class TestContract(PluginContract):
    plugin = "wrapup"

    async def arrange(self, ctx: Context) -> dict[str, object]:
        """An agent talks, has given a file, and has promised to call somebody again; there are dispositions."""
        agent_id = ctx.actor.user_id
        assert agent_id is not None
        segment = await open_segment(ctx, agent_id=agent_id)
        if segment is None:
            call = await create_interaction(ctx, channel="voice", contact_name="Kim", contact_number="+4930123456")
            offer = await make_offer(ctx, call.id, [agent_id], cause="test")
            assert offer is not None
            segment = await accept_offer(ctx, offer.id, agent_id)
        await NextAttempt.get_or_create(
            segment=f"core:segment:{segment.id}",
            tenant_id=ctx.tenant.id,
            defaults={
                "interaction": f"core:interaction:{segment.interaction_id}",
                "agent_id": agent_id,
                "contact_name": "Kim",
                "due_at": datetime.now(UTC) + timedelta(hours=1),
            },
        )
        listing = await list_of_all(ctx)
        subject = f"core:segment:{segment.id}"
        file_id = await fetch_value(_FILE, ctx.tenant.id)
        return {
            "file_id": file_id or await fetch_value(_NEW_FILE, ctx.tenant.id, agent_id, subject),
            "segment_id": segment.id,
            "interaction_id": segment.interaction_id,
            "list_id": listing.id,
            "folder_id": listing.folders[0].id,
            "disposition_id": listing.dispositions[0].id,
        }
