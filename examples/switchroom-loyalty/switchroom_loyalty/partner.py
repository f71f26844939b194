"""The partner programme: is told every change of a balance, and asked whether the key is right."""

from __future__ import annotations

import httpx
from pydantic import HttpUrl, SecretStr

from switchroom import Context
from switchroom.contributions import SettingsProblem
from switchroom.locale import gettext as _
from switchroom_loyalty.models import Member
from switchroom_loyalty.settings import InstallationSettings, TenantSettings

TIMEOUT_SECONDS = 5.0
FIELD = "partner_key"


async def check(ctx: Context, settings: TenantSettings) -> list[SettingsProblem]:
    """What is wrong with the key: asks the partner."""
    installation: InstallationSettings = ctx.installation_settings
    if settings.partner_key is None:
        return []
    if installation.partner_url is None:
        return [SettingsProblem(_("This installation has no partner programme: leave the key empty."), FIELD)]
    try:
        async with _client(installation.partner_url, settings.partner_key) as client:
            answer = await client.get("account")
    except httpx.HTTPError as error:
        ctx.log.info("loyalty_partner_unreachable", error=type(error).__name__)
        return [SettingsProblem(_("The partner programme cannot be reached just now. Try again later."), FIELD)]
    if answer.status_code in (401, 403):
        return [SettingsProblem(_("The partner programme does not accept this key."), FIELD)]
    if answer.status_code != 200:
        text = _("The partner programme answered %(status)d.") % {"status": answer.status_code}
        return [SettingsProblem(text, FIELD)]
    return []


async def tell(ctx: Context, member_id: int) -> None:
    """Tells the partner a member's balance, whole and as it is now: telling it twice does no harm.

    Raises:
        httpx.HTTPError: The partner cannot be reached, or has refused; the job is tried again.
    """
    settings: TenantSettings = ctx.settings
    installation: InstallationSettings = ctx.installation_settings
    member = await Member.get_or_none(id=member_id)
    if member is None or settings.partner_key is None or installation.partner_url is None:
        return
    async with _client(installation.partner_url, settings.partner_key) as client:
        answer = await client.put(f"members/{member.number}", json={"points": member.points, "tier": member.tier})
        answer.raise_for_status()


def _client(url: HttpUrl, key: SecretStr) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"{str(url).rstrip('/')}/",
        headers={"authorization": f"Bearer {key.get_secret_value()}"},
        timeout=TIMEOUT_SECONDS,
        follow_redirects=False,
        trust_env=False,
    )
