"""Agents: their status, their teams, and who can take work."""

from core.agents.service import AgentView, all_agents, choose_intent, longest_waiting, view
from core.agents.states import Intent, Occupancy, Status
from core.agents.teams import LIMITS, TeamView, all_teams, save_team

__all__ = [
    "LIMITS",
    "AgentView",
    "Intent",
    "Occupancy",
    "Status",
    "TeamView",
    "all_agents",
    "all_teams",
    "choose_intent",
    "longest_waiting",
    "save_team",
    "view",
]
