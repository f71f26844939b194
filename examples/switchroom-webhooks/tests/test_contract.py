"""What every plugin keeps."""

from __future__ import annotations

from collections.abc import Mapping

from switchroom import Context
from switchroom.testing.contract import PluginContract
from switchroom_webhooks import collecting, endpoints


class TestWebhooks(PluginContract):
    """The contract, with an endpoint that nobody answers for."""

    plugin = "webhooks"

    async def arrange(self, ctx: Context) -> Mapping[str, object]:
        """An endpoint with a delivery that waits."""
        added = await endpoints.add_endpoint(ctx, "http://127.0.0.1:9/hooks", "Nobody", {"*"})
        return {"endpoint_id": added.endpoint.id, "delivery_id": await collecting.ping(ctx, added.endpoint.id)}
