"""What a team does other than usual, in a few words."""

from __future__ import annotations

from core.agents.team_rules import ChannelRule, usual_rule
from core.agents.teams import TeamView
from core.locale import gettext as _
from core.locale import ngettext
from core.plugins.context import Context


def rule_words(ctx: Context, team: TeamView) -> list[str]:
    """Each rule of a team that differs from the usual; none of channels whose plugins are off."""
    words = []
    if team.auto_answer:
        words.append(_("answers by itself"))
    if team.missed_limit:
        number = team.missed_limit
        words.append(ngettext("break after %(num)d missed", "break after %(num)d missed", number) % {"num": number})
    if team.least_available:
        number = team.least_available
        text = ngettext("%(num)d always available", "%(num)d always available", number)
        words.append(text % {"num": number})
    rules = {rule.channel: rule for rule in team.channels}
    for name, channel in ctx.channels.items():
        if said := _channel_words(ctx, rules[name]) if name in rules else []:
            words.append(_("%(channel)s: %(rules)s") % {"channel": _(channel.title), "rules": ", ".join(said)})
    return words


def _channel_words(ctx: Context, rule: ChannelRule) -> list[str]:
    usual, words = usual_rule(ctx, rule.channel), []
    if not ctx.channels[rule.channel].exclusive and rule.capacity != usual.capacity:
        words.append(_("%(count)s at once") % {"count": rule.capacity})
    if rule.offer_seconds is not None:
        words.append(_("rings for %(seconds)s s") % {"seconds": rule.offer_seconds})
    if rule.alone:
        words.append(_("only with empty hands"))
    return words
