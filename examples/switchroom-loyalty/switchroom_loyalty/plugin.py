"""Wires the loyalty programme into the platform."""

from __future__ import annotations

from pydantic import BaseModel

from switchroom import Context, Job, hookimpl
from switchroom.contributions import (
    AdminPage,
    Asset,
    CardTab,
    FieldGroup,
    FormComponent,
    Models,
    Permission,
    PluginSettings,
    Routes,
    SearchHit,
    SettingsProblem,
    Widget,
)
from switchroom.forms import FormRef, Submission, Value
from switchroom.interactions import InteractionView
from switchroom.jobs import Schedule
from switchroom.locale import gettext as _
from switchroom.web import visitor_may
from switchroom_loyalty import forms, members, partner
from switchroom_loyalty.api import API
from switchroom_loyalty.jobs import JOBS, SCHEDULES
from switchroom_loyalty.numbers import shown
from switchroom_loyalty.permissions import PERMISSIONS, SEE
from switchroom_loyalty.points import TOPIC
from switchroom_loyalty.routes import PAGES
from switchroom_loyalty.settings import InstallationSettings, TenantSettings


class LoyaltyPlugin:
    """A loyalty programme."""

    @hookimpl
    def register_models(self) -> Models:
        return Models(("switchroom_loyalty.models",), "switchroom_loyalty.migrations")

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=PAGES, api=API)

    @hookimpl
    def register_assets(self) -> list[Asset]:
        return [Asset("loyalty.css")]

    @hookimpl
    def register_jobs(self) -> list[Job | Schedule]:
        return [*JOBS, *SCHEDULES]

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return PERMISSIONS

    @hookimpl
    def register_settings(self) -> PluginSettings:
        return PluginSettings(tenant=TenantSettings, installation=InstallationSettings)

    @hookimpl
    def register_form_components(self) -> list[FormComponent]:
        return [FormComponent(forms.LoyaltyNumber, "loyalty/number.html")]

    @hookimpl
    async def settings_check(self, ctx: Context, settings: BaseModel) -> list[SettingsProblem]:
        return await partner.check(ctx, TenantSettings.model_validate(settings))

    @hookimpl
    async def interaction_route(self, ctx: Context, interaction: InteractionView, candidates: list[int]) -> int | None:
        if not ctx.settings.prefer_last_agent:
            return None
        member = await members.by_phone(interaction.contact_number)
        return member.helped_by if member is not None and member.helped_by in candidates else None

    @hookimpl
    async def form_fields(self, ctx: Context, form: FormRef) -> list[FieldGroup]:
        return forms.groups(form)

    @hookimpl
    async def form_validate(self, ctx: Context, form: FormRef, answers: dict[str, Value]) -> dict[str, str]:
        return await forms.problems(form, answers)

    @hookimpl
    async def form_submitted(self, ctx: Context, submission: Submission) -> None:
        await forms.submitted(ctx, submission)

    @hookimpl
    async def admin_pages(self, ctx: Context) -> list[AdminPage]:
        summary = _("Members, their points and tiers.")
        return [AdminPage("loyalty.members", _("Loyalty programme"), "/p/loyalty/", "gift", summary, SEE)]

    @hookimpl
    async def card_tabs(self, ctx: Context, interaction: InteractionView) -> list[CardTab]:
        url = f"/p/loyalty/card/{interaction.id}"
        return [CardTab("loyalty.member", _("Loyalty"), url, "gift", (TOPIC,), SEE)]

    @hookimpl
    async def dashboard_widgets(self, ctx: Context) -> list[Widget]:
        return [Widget("loyalty.members", _("Loyalty programme"), "/p/loyalty/widget", "gift", 1, (TOPIC,), SEE)]

    @hookimpl
    async def search(self, ctx: Context, query: str, limit: int) -> list[SearchHit]:
        if not visitor_may(SEE):
            return []
        found = await members.find(ctx, query, limit=limit)
        return [
            SearchHit(member.name, f"/p/loyalty/members/{member.id}", _("Member"), "gift", shown(member.number))
            for member in found.items
        ]


plugin = LoyaltyPlugin()
