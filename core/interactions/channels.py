"""The channels on which interactions come, as plugins have described them."""

from __future__ import annotations

from core.errors import NotFound
from core.locale import gettext as _
from core.plugins.context import Context
from core.plugins.contributions import ChannelType


def require_channel(ctx: Context, channel: str) -> ChannelType:
    """A channel on which interactions may begin.

    Raises:
        NotFound: No plugin of the tenant has registered it.
    """
    found = ctx.channels.get(channel)
    if found is None:
        raise NotFound(_("There is no channel %(channel)s here.") % {"channel": repr(channel)})
    return found


def type_of(ctx: Context, channel: str) -> ChannelType:
    """What is known of the channel of an interaction that is there, even if its plugin is off or gone by now."""
    return ctx.known_channels.get(channel) or ChannelType(channel, channel, "circle")
