"""Agents: their status, and who can take work."""

from core.agents.service import AgentView, all_agents, choose_intent, longest_waiting, view
from core.agents.states import Intent, Occupancy, Status

__all__ = ["AgentView", "Intent", "Occupancy", "Status", "all_agents", "choose_intent", "longest_waiting", "view"]
