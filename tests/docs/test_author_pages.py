"""The examples of the pages on views and forms are two plugins that work as the pages say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from litestar.types import ASGIApp

from core.accounts.permissions import SUPERVISOR
from core.database.connection import fetch_value
from core.forms.contributed import extend_form
from core.forms.from_schema import form_of_schema, typed_of_values
from core.forms.kinds import form_kinds
from core.forms.reader import Reader
from core.forms.reading import InvalidAnswers, pick_answers
from core.forms.reference import FormRef
from core.forms.rendering import render_form
from core.forms.schema import read_form
from core.forms.store import submit_form
from core.forms.text import Text
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from plugins.wrapup.forms import LATER
from tests.conftest import ROOT
from tests.core.view_people import agent, answered, call, sees
from tests.core.web_client import (
    add_user,
    switch_on,
    web_application,  # noqa: F401 - a fixture
)
from tests.docs.test_example_plugin import forget_folders

pytestmark = pytest.mark.anyio

PAGES = ROOT / "docs" / "plugin-authors"
READER = Reader(ZoneInfo("UTC"))


def write_plugin(folder: Path, name: str, page: str) -> None:
    """A plugin of all that a page shows: its Python in one module, its templates by the names before them."""
    text = (PAGES / page).read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    templates = re.findall(r"`templates/([a-z]+\.html)`[^`]*?:\n\n```html\n(.*?)```", text, re.DOTALL)
    templates += re.findall(r"`templates/([a-z]+\.html)`, which.*?:\n\n```html\n(.*?)```", text, re.DOTALL)
    assert code
    assert templates
    home = folder / name
    (home / "templates").mkdir(parents=True)
    manifest = f'name: {name}\nversion: 0.1.0\napi: ">=1.0,<2"\nsummary: An example.\n'
    (home / "manifest.yaml").write_text(manifest, encoding="utf-8")
    (home / "plugin.py").write_text(
        "\n\n".join(["import sys", *code, "plugin = sys.modules[__name__]"]), encoding="utf-8"
    )
    for file, html in templates:
        (home / "templates" / file).write_text(html, encoding="utf-8")


@pytest.fixture
def switchroom_settings(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The platform finds both plugins."""
    forget_folders()
    write_plugin(tmp_path, "orders", "views.md")
    write_plugin(tmp_path, "survey", "forms.md")
    yield {"SWITCHROOM__PLUGINS__DIRS": json.dumps([str(tmp_path)])}
    forget_folders()


@pytest.fixture
async def having(platform: Platform, tenant: TenantRef) -> TenantRef:
    """A tenant that has switched both on."""
    for name in ("orders", "survey"):
        record = platform.registry.get(name)
        assert record is not None
        assert record.ready, record.reason
        await switch_on(platform, tenant, name)
    return await platform.tenant(tenant_id=tenant.id)


async def test_each_contribution_of_the_page_on_views_is_shown_and_opens(
    web: ASGIApp, platform: Platform, having: TenantRef
) -> None:
    await add_user(platform, having, "sue", SUPERVISOR)
    made = await call(platform, having)
    card = (await sees(web, having, "sue", f"/card/{made.id}")).text
    shown = {
        f"/p/orders/tab/{made.id}": card,
        f"/p/orders/ask/{made.id}": card,
        "/p/orders/section": (await sees(web, having, "sue", "/window")).text,
        "/p/orders/widget": (await sees(web, having, "sue", "/home/widgets")).text,
        "/p/orders/": (await sees(web, having, "sue", "/search/plugins?q=chair")).text,
        "/p/orders/panel": (await sees(web, having, "sue", "/workspace")).text,
        "/p/orders/bar": (await sees(web, having, "sue", "/workspace")).text,
    }
    for address, page in shown.items():
        assert address in page, address
        assert (await sees(web, having, "sue", address)).status_code == 200
    assert f'hx-post="/p/orders/order/{made.id}"' in card


async def test_the_questions_of_the_page_on_forms_are_asked_checked_and_acted_on(
    platform: Platform, having: TenantRef
) -> None:
    anna = await agent(platform, having, "anna")
    made = await call(platform, having)
    await answered(platform, having, made, anna)
    async with platform.context(having) as ctx:
        segment = await fetch_value("SELECT id FROM core_segment WHERE tenant_id = $1", having.id)
        subject = f"core:segment:{segment}"
        form = await extend_form(ctx, LATER, subject, anna)
        posted = [("answer.successful", "yes"), ("answer.survey__mood__how", "bad")]
        typed = pick_answers(form, [*posted, ("answer.survey__mood__why", "?")])
        with pytest.raises(InvalidAnswers) as caught:
            await submit_form(ctx, form, subject, anna, typed, READER)
        assert caught.value.fields == {"survey__mood__why": "Write a word or two."}
        await submit_form(ctx, form, subject, anna, pick_answers(form, posted), READER)
        comment = await fetch_value("SELECT comment FROM core_segment WHERE tenant_id = $1", having.id)
    assert comment == " (annoyed)"


async def test_the_form_of_the_page_on_forms_leads_on_and_its_action_is_done(
    platform: Platform, having: TenantRef
) -> None:
    anna = await agent(platform, having, "anna")
    made = await call(platform, having)
    await answered(platform, having, made, anna)
    record = platform.registry.get("survey")
    assert record is not None
    walk = record.plugin.walk  # type: ignore[union-attr]
    async with platform.context(having) as ctx:
        segment = await fetch_value("SELECT id FROM core_segment WHERE tenant_id = $1", having.id)
        subject = f"core:segment:{segment}"
        assert "How was it?" in await walk(ctx, subject, anna, [])
        assert "Why?" in await walk(ctx, subject, anna, [("_revision", "1"), ("answer.was", "bad")])
        assert "This must be answered." in await walk(ctx, subject, anna, [("_revision", "2"), ("_next", "yes")])
        assert "How was it?" in await walk(ctx, subject, anna, [("_revision", "2"), ("_back", "yes")])
        good = await walk(ctx, subject, anna, [("_revision", "3"), ("answer.was", "good")])
        assert good == "Thank you: good"
        card = ctx.form_actions["survey.card"]
        ref = FormRef("survey:after", subject, anna)
        assert await card.run(ctx, ref, card.arguments(words="Well done")) == {"cards": 1}
        assert await fetch_value("SELECT comment FROM core_segment WHERE tenant_id = $1", having.id) == "Well done"


async def test_the_settings_and_the_kind_of_the_page_on_forms_work(platform: Platform, having: TenantRef) -> None:
    record = platform.registry.get("survey")
    assert record is not None
    schema = record.contributions.settings.tenant
    assert schema is not None
    form = form_of_schema(schema, "survey:settings", Text.of(en="Survey"))
    assert typed_of_values(form, schema(), READER) == {"every": "3", "tone": "warm"}
    page = render_form(form, {}, READER, scope="s")
    assert "Of so many customers one is asked." in page
    assert "From 1 to 50." in page
    data = {"kind": "survey_stars", "key": "stars", "label": {"en": "Stars"}}
    async with platform.context(having) as ctx:
        asked = read_form(
            {
                "key": "survey:stars",
                "version": 1,
                "title": {"en": "Stars"},
                "pages": [{"key": "p", "components": [data]}],
            },
            form_kinds(ctx),
        )
    assert 'type="range"' in render_form(asked, {"stars": "4"}, READER, scope="s")
