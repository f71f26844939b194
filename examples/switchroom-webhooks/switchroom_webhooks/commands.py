"""The command line: `switchroom webhooks …`."""

from __future__ import annotations

import asyncio

import click

from switchroom.commands import in_tenant
from switchroom_webhooks import endpoints, log
from switchroom_webhooks.models import DeliveryState


@click.command("list")
@click.argument("tenant")
def list_endpoints(tenant: str) -> None:
    """List the endpoints of an organisation, with their states."""
    asyncio.run(_list(tenant))


@click.command("replay")
@click.argument("tenant")
@click.option("--endpoint", type=int, help="Send all dead deliveries of this endpoint again.")
@click.option("--delivery", type=int, help="Send this one delivery again.")
def replay(tenant: str, endpoint: int | None, delivery: int | None) -> None:
    """Send again what is dead. TENANT is the organisation's short name."""
    if (endpoint is None) == (delivery is None):
        raise click.UsageError("Name either an endpoint or a delivery.")
    count = asyncio.run(_replay(tenant, endpoint, delivery))
    click.echo(f"{count} deliveries are sent again.")


async def _list(tenant: str) -> None:
    async with in_tenant("webhooks", tenant) as ctx:
        for endpoint in await endpoints.all_endpoints():
            dead = await log.deliveries(ctx, state=DeliveryState.DEAD, endpoint_id=endpoint.id)
            more = "+" if dead.older else ""
            click.echo(f"{endpoint.id}\t{endpoint.state}\t{len(dead.items)}{more} dead\t{endpoint.url}")


async def _replay(tenant: str, endpoint: int | None, delivery: int | None) -> int:
    async with in_tenant("webhooks", tenant) as ctx:
        if delivery is not None:
            await log.replay(ctx, delivery)
            return 1
        assert endpoint is not None  # noqa: S101 - the caller has checked
        return await log.replay_dead(ctx, endpoint)


COMMANDS: list[click.Command] = [list_endpoints, replay]
