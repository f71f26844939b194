"""The ledger keeps what every plugin promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from plugins.promises.ledger import Ledger
from switchroom.capabilities import NewPromise
from switchroom.runtime import Context
from switchroom.testing.contract import PluginContract


class TestContract(PluginContract):
    plugin = "promises"

    async def arrange(self, ctx: Context) -> dict[str, object]:
        """An agent owes a callback."""
        new = NewPromise(
            kind="callback",
            due=datetime.now(UTC) + timedelta(hours=1),
            subject="Send the papers",
            owner_id=ctx.actor.user_id,
            reference="wrapup:core:segment:1",
            contact_name="Kim",
            contact_number="+4930123456",
        )
        return {"promise_id": await Ledger().promise(ctx, new)}
