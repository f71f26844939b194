"""Plugins of the tenant: on and off, their settings, their data, and what has failed in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from litestar import get, post
from litestar.datastructures import FormMultiDict
from markupsafe import Markup
from pydantic import BaseModel

from core.accounts.permissions import MANAGE_PLUGINS
from core.accounts.sessions import SignedIn
from core.admin.answers import AnyRequest, Page, text
from core.admin.plugin_names import plugin_icon, plugin_title
from core.attention import discard_job, retry_job, troubled_jobs
from core.errors import Conflict, InvalidInput, NotFound
from core.forms.from_schema import (
    WHOLE_FORM,
    UnsupportedField,
    fields_of_error,
    form_of_schema,
    typed_of_values,
    values_of_answers,
)
from core.forms.options import offered
from core.forms.reader import Reader
from core.forms.reading import PREFIX, accept_answers, pick_answers
from core.forms.rendering import render_form
from core.forms.schema import Form
from core.forms.text import Text
from core.locale import gettext as _
from core.plugin_lifecycle import (
    TenantPluginView,
    disable_plugin,
    enable_with_requirements,
    overview,
    purge_plugin,
    save_plugin_settings,
    shown_settings,
)
from core.plugins import issues
from core.plugins.context import Context, Platform
from core.plugins.discovery import PluginRecord
from core.plugins.settings import SECRET_SET
from core.web.rendering import page, with_toast

SHOWN_JOBS = 50


@dataclass(frozen=True)
class Card:
    """A plugin, as its card shows it.

    Attributes:
        missing: Titles of what it requires and is off: switching it on offers these too.
        needs: Titles of all that it requires.
        needed_by: Titles of plugins that are on and require it.
        troubles: How many issues and jobs wait for somebody.
    """

    view: TenantPluginView
    title: str
    icon: str
    summary: str
    needs: tuple[str, ...]
    missing: tuple[str, ...]
    needed_by: tuple[str, ...]
    troubles: int = 0


@get("/admin/plugins", permission=MANAGE_PLUGINS)
async def plugins_page(ctx: Context, platform: Platform) -> Page:
    """All plugins, as cards."""
    return await _plugins_page(ctx, platform)


@get("/admin/plugins/{name:str}", permission=MANAGE_PLUGINS)
async def plugin_page(ctx: Context, user: SignedIn, platform: Platform, name: str) -> Page:
    """One plugin: its settings, and what has failed in it."""
    return await _plugin_page(ctx, user, platform, name)


@post("/admin/plugins/{name:str}/enable", permission=MANAGE_PLUGINS, status_code=200)
async def enable(request: AnyRequest, ctx: Context, user: SignedIn, platform: Platform, name: str) -> Page:
    """Switches a plugin on, with all that it requires.

    Raises:
        Conflict: It is not ready, or could not prepare itself.
        Forbidden: The vendor alone may switch it on.
    """
    switched = await enable_with_requirements(platform, ctx, name)
    titles = ", ".join(plugin_title(platform, each) for each in switched) or plugin_title(platform, name)
    shown = await _back(request, ctx, user, platform, name)
    return with_toast(shown, _("Switched on: %(plugins)s.") % {"plugins": titles})


@post("/admin/plugins/{name:str}/disable", permission=MANAGE_PLUGINS, status_code=200)
async def disable(request: AnyRequest, ctx: Context, user: SignedIn, platform: Platform, name: str) -> Page:
    """Switches a plugin off; its data stays.

    Raises:
        Conflict: A plugin that is on requires it.
    """
    await disable_plugin(platform, ctx, name)
    shown = await _back(request, ctx, user, platform, name)
    return with_toast(shown, _("Switched off: %(plugins)s.") % {"plugins": plugin_title(platform, name)})


@post("/admin/plugins/{name:str}/settings", permission=MANAGE_PLUGINS, status_code=200)
async def save_settings(request: AnyRequest, ctx: Context, user: SignedIn, platform: Platform, name: str) -> Page:
    """Saves the settings, once the plugin has found that they work.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    record, schema = _with_settings(platform, name)
    form = await _form_of(ctx, record, schema)
    posted = [(key, value) for key, value in (await request.form()).multi_items() if isinstance(value, str)]
    try:
        answers = accept_answers(form, pick_answers(form, posted), Reader(user.zone))
        await save_plugin_settings(platform, ctx, name, values_of_answers(form, schema, answers))
    except InvalidInput as error:
        found = fields_of_error(error)
        fields = {PREFIX + key: said for key, said in found.items() if key != WHOLE_FORM}
        raise InvalidInput(
            error.message if fields else found.get(WHOLE_FORM, error.message), fields=fields, mend=error.mend
        ) from error
    return with_toast(await _plugin_page(ctx, user, platform, name), _("The settings are saved and hold at once."))


@post("/admin/plugins/{name:str}/purge", permission=MANAGE_PLUGINS, status_code=200)
async def purge(request: AnyRequest, ctx: Context, user: SignedIn, platform: Platform, name: str) -> Page:
    """Deletes all that the plugin keeps of the organisation; the name must have been typed.

    Raises:
        InvalidInput: Another name was typed, or none.
        Conflict: The plugin is on.
    """
    if text(await request.form(), "confirmation").strip() != name:
        raise InvalidInput(
            _("Nothing was deleted."), fields={"confirmation": _("Type the name of the plugin: %s") % name}
        )
    counts = await purge_plugin(platform, ctx, name)
    said = _("Deleted: %(count)s rows.") % {"count": sum(counts.values())}
    return with_toast(await _plugin_page(ctx, user, platform, name), said)


@post("/admin/plugins/{name:str}/issues/{issue_id:int}/resume", permission=MANAGE_PLUGINS, status_code=200)
async def resume(ctx: Context, user: SignedIn, platform: Platform, name: str, issue_id: int) -> Page:
    """Has a parked hook called again at once."""
    await issues.resume(ctx, issue_id)
    return with_toast(await _plugin_page(ctx, user, platform, name), _("It is tried again from now on."))


@post("/admin/plugins/{name:str}/issues/{issue_id:int}/dismiss", permission=MANAGE_PLUGINS, status_code=200)
async def dismiss(ctx: Context, user: SignedIn, platform: Platform, name: str, issue_id: int) -> Page:
    """Puts an issue away until it comes again."""
    await issues.dismiss(ctx, issue_id)
    return with_toast(await _plugin_page(ctx, user, platform, name), _("Put away. It comes back when it fails again."))


@post("/admin/plugins/{name:str}/jobs/{job_id:int}/retry", permission=MANAGE_PLUGINS, status_code=200)
async def retry(ctx: Context, user: SignedIn, platform: Platform, name: str, job_id: int) -> Page:
    """Has a job done after all."""
    await retry_job(ctx.tenant.id, ctx.actor, job_id)
    return with_toast(await _plugin_page(ctx, user, platform, name), _("The job is tried again now."))


@post("/admin/plugins/{name:str}/jobs/{job_id:int}/discard", permission=MANAGE_PLUGINS, status_code=200)
async def discard(ctx: Context, user: SignedIn, platform: Platform, name: str, job_id: int) -> Page:
    """Deletes a job that was given up."""
    await discard_job(ctx.tenant.id, ctx.actor, job_id)
    return with_toast(await _plugin_page(ctx, user, platform, name), _("The job is deleted."))


async def _back(request: AnyRequest, ctx: Context, user: SignedIn, platform: Platform, name: str) -> Page:
    """The page that the button was on: of all plugins, or of this one."""
    form: FormMultiDict = await request.form()
    if text(form, "from") == "list":
        return await _plugins_page(ctx, platform)
    return await _plugin_page(ctx, user, platform, name)


async def _cards(ctx: Context, platform: Platform) -> list[Card]:
    views = {view.name: view for view in await overview(platform, ctx)}
    troubles: dict[str, int] = {}
    for issue in await issues.issues(ctx.tenant.id):
        troubles[issue.plugin] = troubles.get(issue.plugin, 0) + 1

    def titles(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(plugin_title(platform, each) for each in names)

    def off_that_is_needed(name: str) -> tuple[str, ...]:
        """What is off of all that a plugin requires, by itself or through others."""
        found: list[str] = []
        waiting = [name]
        while waiting:
            view = views.get(waiting.pop())
            for needed in view.requires if view else ():
                if needed not in found and not (needed in views and views[needed].enabled):
                    found.append(needed)
                    waiting.append(needed)
        return tuple(found)

    return [
        Card(
            view,
            plugin_title(platform, view.name),
            plugin_icon(platform, view.name),
            _(view.summary),
            titles(view.requires),
            titles(off_that_is_needed(view.name)),
            titles(view.required_by),
            troubles.get(view.name, 0),
        )
        for view in views.values()
    ]


async def _plugins_page(ctx: Context, platform: Platform) -> Page:
    return await page("admin/plugins.html", title=_("Plugins"), cards=await _cards(ctx, platform))


async def _plugin_page(ctx: Context, user: SignedIn, platform: Platform, name: str) -> Page:
    card = next((card for card in await _cards(ctx, platform) if card.view.name == name), None)
    if card is None:
        raise NotFound(_("There is no such plugin."))
    fields, unsupported = await _settings_fields(ctx, user, platform, name)
    jobs = await troubled_jobs(ctx.tenant.id, plugin=name, limit=SHOWN_JOBS)
    return await page(
        "admin/plugin.html",
        title=card.title,
        card=card,
        fields=fields,
        unsupported=unsupported,
        issues=[issue for issue in await issues.issues(ctx.tenant.id) if issue.plugin == name],
        jobs=jobs,
        now=datetime.now(UTC),
    )


async def _settings_fields(ctx: Context, user: SignedIn, platform: Platform, name: str) -> tuple[Markup, str]:
    """The form of the plugin's settings, or why there can be none; neither when there is nothing to set."""
    record = platform.registry.get(name)
    schema = record.contributions.settings.tenant if record is not None and record.ready else None
    if record is None or schema is None:
        return Markup(""), ""
    try:
        form = await _form_of(ctx, record, schema)
    except UnsupportedField as error:
        return Markup(""), str(error)
    values: dict[str, Any] = shown_settings(record, await platform.enablement.read(ctx.tenant.id))
    reader = Reader(user.zone)
    there = [key for key in form.secrets if values.get(key) == SECRET_SET]
    typed = typed_of_values(form, {key: value for key, value in values.items() if key in form.questions}, reader)
    return render_form(form, typed, reader, scope="setting", secrets_set=there), ""


def _with_settings(platform: Platform, name: str) -> tuple[PluginRecord, type[BaseModel]]:
    record = platform.registry.get(name)
    schema = record.contributions.settings.tenant if record is not None else None
    if record is None or schema is None:
        raise NotFound(_("This plugin has nothing to set."))
    if not record.ready:
        raise Conflict(_("The plugin is not ready, so nobody knows what it accepts."))
    return record, schema


async def _form_of(ctx: Context, record: PluginRecord, schema: type[BaseModel]) -> Form:
    title = record.manifest.title if record.manifest and record.manifest.title else record.name.capitalize()
    return form_of_schema(schema, f"{record.name}:settings", Text.translated(title), await offered(ctx, schema))


HANDLERS = [
    plugins_page,
    plugin_page,
    enable,
    disable,
    save_settings,
    purge,
    resume,
    dismiss,
    retry,
    discard,
]
