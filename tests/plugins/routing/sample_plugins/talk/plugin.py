"""A channel beside the phone, and a plugin that has a say in routing."""

from __future__ import annotations

from switchroom import Context, hookimpl
from switchroom.contributions import ChannelType
from switchroom.interactions import InteractionView


class TalkPlugin:
    @hookimpl
    def register_channels(self) -> list[ChannelType]:
        return [ChannelType("talk", "Talk", "message", exclusive=False, capacity=2, wrap_up=False)]

    @hookimpl
    async def interaction_route(self, ctx: Context, interaction: InteractionView, candidates: list[int]) -> int | None:
        wanted = interaction.subject.removeprefix("wants ")
        return int(wanted) if wanted.isdecimal() else None


plugin = TalkPlugin()
