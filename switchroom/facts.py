"""Facts: every change of an interaction, an offer, a segment or an agent's status, in the order of their ids."""

from core.facts import Fact, facts_of_agent, facts_of_interaction, get_fact

__all__ = ["Fact", "facts_of_agent", "facts_of_interaction", "get_fact"]
