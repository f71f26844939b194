"""The pages on which skills are given."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import QueryParameter

from plugins.routing.form_reading import number, number_or_zero, read_levels, text
from plugins.routing.permissions import MANAGE_SKILLS
from plugins.routing.services import skills
from switchroom import Context
from switchroom.locale import gettext as _
from switchroom.web import fragment, page, with_toast

AnyRequest = Request[Any, Any, Any]
Page = Response[Any]
SHOWN_AGENTS = 50
"""Of the matrix, at once."""


@get("/skills", permission=MANAGE_SKILLS)
async def skills_page(ctx: Context) -> Page:
    """All skills, and who has them."""
    return await _skills(ctx)


@get("/skills/matrix", permission=MANAGE_SKILLS)
async def matrix(
    ctx: Context,
    q: Annotated[str, QueryParameter(max_length=200)] = "",
    after: Annotated[int, QueryParameter(ge=0, le=1_000_000)] = 0,
) -> Page:
    """Agents and their levels; further ones below those that are shown."""
    return fragment("routing/skill_rows.html" if after else "routing/skill_matrix.html", **await _rows(ctx, q, after))


@post("/skills", permission=MANAGE_SKILLS, status_code=200)
async def create(request: AnyRequest, ctx: Context) -> Page:
    """Makes a skill.

    Raises:
        InvalidInput: The name cannot be used: the page marks the field.
    """
    await skills.create_skill(ctx, text(await request.form(), "name"))
    return with_toast(await _skills(ctx), _("The skill is there. Say now who has it."))


@post("/skills/{skill_id:int}", permission=MANAGE_SKILLS, status_code=200)
async def rename(request: AnyRequest, ctx: Context, skill_id: int) -> Page:
    """Gives a skill another name.

    Raises:
        InvalidInput: The name cannot be used: the page marks the field.
    """
    await skills.rename_skill(ctx, skill_id, text(await request.form(), "name"))
    return with_toast(await _skills(ctx), _("The skill is renamed."))


@post("/skills/{skill_id:int}/delete", permission=MANAGE_SKILLS, status_code=200)
async def delete(ctx: Context, skill_id: int) -> Page:
    """Removes a skill.

    Raises:
        Conflict: A queue asks for it.
    """
    await skills.delete_skill(ctx, skill_id)
    return with_toast(await _skills(ctx), _("The skill is deleted."))


@post("/skills/level", permission=MANAGE_SKILLS, status_code=204)
async def set_level(request: AnyRequest, ctx: Context) -> None:
    """Keeps one cell of the matrix.

    Raises:
        InvalidInput: It is no level.
    """
    form = await request.form()
    await skills.set_level(
        ctx, number(text(form, "user")), number(text(form, "skill")), number_or_zero(text(form, "level"))
    )


@get("/skills/agents/{user_id:int}", permission=MANAGE_SKILLS)
async def agent_page(ctx: Context, user_id: int) -> Page:
    """The skills of one agent."""
    return await _agent(ctx, user_id)


@post("/skills/agents/{user_id:int}", permission=MANAGE_SKILLS, status_code=200)
async def save_agent(request: AnyRequest, ctx: Context, user_id: int) -> Page:
    """Saves the skills of one agent.

    Raises:
        InvalidInput: Something is no level: the page marks the field.
    """
    await skills.set_levels(ctx, user_id, read_levels(await request.form()))
    return with_toast(await _agent(ctx, user_id), _("The skills are saved. They hold for the next customer."))


async def _skills(ctx: Context) -> Page:
    return await page("routing/skills.html", title=_("Skills"), **await _rows(ctx, "", 0))


async def _rows(ctx: Context, words: str, after: int) -> dict[str, Any]:
    found = await skills.skilled_agents(ctx, words=words.strip(), after=after, limit=SHOWN_AGENTS + 1)
    return {
        "skills": await skills.all_skills(ctx),
        "agents": found[:SHOWN_AGENTS],
        "words": words,
        "more": after + SHOWN_AGENTS if len(found) > SHOWN_AGENTS else None,
    }


async def _agent(ctx: Context, user_id: int) -> Page:
    agent = await skills.get_skilled(ctx, user_id)
    return await page(
        "routing/agent_skills.html",
        title=agent.name,
        agent=agent,
        skills=await skills.all_skills(ctx),
        queues=await skills.queues_of(ctx, user_id),
    )


SKILL_PAGES = [skills_page, matrix, create, rename, delete, set_level, agent_page, save_agent]
