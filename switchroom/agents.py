"""Agents: their status, their teams, which queues they serve, and who can take work."""

from core.agents.entitled import people_who_may
from core.agents.pools import (
    Candidate,
    Place,
    Strategy,
    drop_pool,
    free_in_pool,
    members_of,
    place_agent,
    pools_of,
    set_pool,
)
from core.agents.reasons import Reason, all_reasons, reasons_for, setter_of
from core.agents.room import Room, lock_room, room_on
from core.agents.roster import log_out
from core.agents.service import choose_intent
from core.agents.settling import GRACE_SECONDS
from core.agents.states import Intent, Occupancy, Status
from core.agents.team_rules import HOLDS_WHAT_IS_ALONE
from core.agents.teams import LIMITS, TeamView, all_teams, save_team
from core.agents.views import AgentView, all_agents, view

__all__ = [
    "GRACE_SECONDS",
    "HOLDS_WHAT_IS_ALONE",
    "LIMITS",
    "AgentView",
    "Candidate",
    "Intent",
    "Occupancy",
    "Place",
    "Reason",
    "Room",
    "Status",
    "Strategy",
    "TeamView",
    "all_agents",
    "all_reasons",
    "all_teams",
    "choose_intent",
    "drop_pool",
    "free_in_pool",
    "lock_room",
    "log_out",
    "members_of",
    "people_who_may",
    "place_agent",
    "pools_of",
    "reasons_for",
    "room_on",
    "save_team",
    "set_pool",
    "setter_of",
    "view",
]
