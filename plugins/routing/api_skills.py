"""Skills, for programs."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, post, put
from litestar.params import JSONBody
from pydantic import Field

from plugins.routing.api_shapes import SkillLevel
from plugins.routing.permissions import MANAGE_SKILLS
from plugins.routing.services import skills
from switchroom import Context
from switchroom.api import Answer, Given, Id
from switchroom.database import transaction


class Skill(Answer):
    """A named ability."""

    id: int
    name: str
    agents: int
    """How many agents have it."""
    queues: list[str]
    """Names of the queues that ask for it."""


class Skills(Answer):
    """All skills, by name."""

    items: list[Skill]


class NamedSkill(Given):
    """What a skill is to be called."""

    name: Annotated[str, Field(max_length=100)]
    """Unlike that of any other skill."""


class SkillsOfAgent(Given):
    """Which skills an agent has; those that are left out he has no more."""

    items: Annotated[list[SkillLevel], Field(max_length=200)]


class AgentSkills(Answer):
    """Which skills an agent has."""

    items: list[SkillLevel]


@get("/skills", permission=MANAGE_SKILLS, tags=["skills"])
async def list_skills(ctx: Context) -> Skills:
    """Lists all skills."""
    return Skills(items=[Skill.model_validate(skill) for skill in await skills.all_skills(ctx)])


@post("/skills", permission=MANAGE_SKILLS, idempotent=True, tags=["skills"])
async def create_skill(ctx: Context, data: JSONBody[NamedSkill]) -> Skill:
    """Makes a skill that nobody has yet."""
    async with transaction():
        return await _shown(ctx, await skills.create_skill(ctx, data.name))


@put("/skills/{skill_id:int}", permission=MANAGE_SKILLS, tags=["skills"])
async def rename_skill(ctx: Context, skill_id: Id, data: JSONBody[NamedSkill]) -> Skill:
    """Gives a skill another name."""
    async with transaction():
        await skills.rename_skill(ctx, skill_id, data.name)
        return await _shown(ctx, skill_id)


@delete("/skills/{skill_id:int}", permission=MANAGE_SKILLS, tags=["skills"])
async def delete_skill(ctx: Context, skill_id: Id) -> None:
    """Deletes a skill that no queue asks for; agents have it no more."""
    await skills.delete_skill(ctx, skill_id)


@get("/agents/{user_id:int}/skills", permission=MANAGE_SKILLS, tags=["skills"])
async def get_agent_skills(ctx: Context, user_id: Id) -> AgentSkills:
    """Lists the skills of an agent."""
    return await _of_agent(ctx, user_id)


@put("/agents/{user_id:int}/skills", permission=MANAGE_SKILLS, tags=["skills"])
async def set_agent_skills(ctx: Context, user_id: Id, data: JSONBody[SkillsOfAgent]) -> AgentSkills:
    """Says which skills an agent has; he serves the queues that ask for them at once."""
    async with transaction():
        await skills.set_levels(ctx, user_id, {each.skill_id: each.level for each in data.items})
        return await _of_agent(ctx, user_id)


async def _shown(ctx: Context, skill_id: int) -> Skill:
    return Skill.model_validate(await skills.get_skill(ctx, skill_id))


async def _of_agent(ctx: Context, user_id: int) -> AgentSkills:
    levels = (await skills.get_skilled(ctx, user_id)).levels
    return AgentSkills(items=[SkillLevel(skill_id=skill_id, level=level) for skill_id, level in sorted(levels.items())])


SKILLS_API = [list_skills, create_skill, rename_skill, delete_skill, get_agent_skills, set_agent_skills]
