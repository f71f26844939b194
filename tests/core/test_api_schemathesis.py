"""Requests made up from the OpenAPI document, right ones and wrong ones, against the application and its database.

None may meet a failure of the server, and no answer may be one that the document does not describe.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import anyio.from_thread
import anyio.to_thread
import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from litestar.types import ASGIApp
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from core.accounts.models import Role
from core.accounts.permissions import AGENT, Permissions
from core.accounts.tokens import create_token
from core.accounts.users import create_user
from core.agents.connection import tab_opened
from core.agents.roster import begin_shift
from core.agents.service import choose_intent
from core.agents.states import Intent
from core.database.connection import execute, fetch
from core.interactions.lifecycle import create_interaction
from core.interactions.offers import accept_offer, make_offer
from core.plugins.context import Context, Platform
from tests.core.api_client import program
from tests.core.web_client import web_application  # noqa: F401 - a fixture

pytestmark = pytest.mark.anyio

EXAMPLES = {GenerationMode.POSITIVE: 6, GenerationMode.NEGATIVE: 4}
EVERYTHING = "everything"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
REFUSED = ["400", "404", "409", "413", "415", "422"]
"""How a request may be answered that breaks the document's rules."""


@dataclass(frozen=True)
class Target:
    """The application, and somebody who may do everything in it."""

    api: httpx.AsyncClient
    document: dict[str, Any]
    revive: Callable[[], Any]
    statuses: Counter[int] = field(default_factory=Counter)

    async def ask(self, case: schemathesis.Case) -> httpx.Response:
        """Sends one request; whatever those before have done, this one comes from somebody who may."""
        request = case.as_transport_kwargs(base_url="http://calls.test")
        content = request.get("data")
        answer = await self.api.request(
            request["method"],
            request["url"],
            headers={name: text for name, text in request["headers"].items() if name.lower() != "authorization"},
            params=request.get("params"),
            **({"json": request["json"]} if "json" in request else {"content": content}),
        )
        self.statuses[answer.status_code] += 1
        if request["method"] != "GET":
            await self.revive()
        return answer


@pytest.fixture
async def target(web: ASGIApp, platform: Platform, ctx: Context) -> AsyncIterator[Target]:
    """One with rows of every kind, most of them with small ids."""
    declared = {record.name: record.contributions.permissions for record in platform.registry.ready}
    rights = [right.name for right in Permissions(declared).known(ctx.enabled_plugins)]
    await Role.create(key=EVERYTHING, name="Everything", permissions=rights)
    anna = (await create_user(ctx, "anna", "Anna", "a long password", [EVERYTHING, AGENT])).id
    await begin_shift(ctx, anna)
    await _work(ctx, anna)
    token, _view = await create_token(ctx, name="Test", user_id=anna, role=EVERYTHING, expires_at=None)
    kept = await _kept()

    async def revive() -> None:
        for table, rows in kept.items():
            back = ", ".join(f"{column} = excluded.{column}" for column in KEPT[table])
            await execute(
                f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1::text::jsonb) "  # noqa: S608
                f"ON CONFLICT (id) DO UPDATE SET {back}",
                rows,
            )

    async with program(web, token) as api:
        document = (await api.get("/api/v1/openapi.json")).json()
        yield Target(api, document, revive)


async def _work(ctx: Context, user_id: int) -> None:
    """Interactions: one that is talked, one that waits."""
    await tab_opened(ctx, user_id)
    await choose_intent(ctx, user_id, Intent.AVAILABLE)
    await execute("UPDATE core_agent SET connected_until = now() + interval '1 day'")
    for name in ("Customer", "Other"):
        await create_interaction(
            ctx, channel="voice", queue="routing:queue:1", contact_name=name, contact_number="+442079460000", subject=""
        )
    offer = await make_offer(ctx, 1, [user_id], cause="test")
    assert offer is not None
    await accept_offer(ctx, offer.id, user_id)


KEPT = {
    "core_tenant": ("slug", "suspended"),
    "core_user": ("active",),
    "core_role": ("key", "permissions"),
    "core_user_role": ("user_id", "role_id"),
    "core_api_token": ("token_digest", "user_id", "role_id", "expires_at"),
    "core_tenant_plugin": ("enabled",),
}
"""What a request needs to be let in: tables, and the columns that are put back in each of their rows."""


async def _kept() -> dict[str, str]:
    return {
        table: (await fetch(f"SELECT jsonb_agg(to_jsonb({table}))::text AS rows FROM {table}"))[0]["rows"]  # noqa: S608
        for table in KEPT
    }


def _with_ids_that_exist(case: schemathesis.Case) -> None:
    """Half of all ids are made small, so that requests find something."""
    for name, value in (case.path_parameters or {}).items():
        if isinstance(value, int) and value > 9 and value % 2:
            case.path_parameters[name] = value % 4 + 1


def _try(target: Target, operation: Any, mode: GenerationMode) -> None:
    checks = CHECKS if mode is GenerationMode.POSITIVE else [*CHECKS, negative_data_rejection]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES[mode],
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def one(case: schemathesis.Case) -> None:
        if mode is GenerationMode.POSITIVE:
            _with_ids_that_exist(case)
        case.validate_response(anyio.from_thread.run(target.ask, case), checks=checks)

    one()


async def test_no_request_fails_and_no_answer_is_undescribed(target: Target) -> None:
    schema = schemathesis.openapi.from_dict(target.document)
    schema.config.checks.negative_data_rejection.expected_statuses = REFUSED
    failures: list[str] = []
    tried = 0

    def try_all() -> None:
        nonlocal tried
        for found in schema.get_all_operations():
            operation = found.ok()
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                try:
                    _try(target, operation, mode)
                except BaseException as error:  # noqa: BLE001 - all of them are shown together
                    failures.append(f"{operation.label} ({mode.value}): {error!r}"[:3000])
                tried += 1

    await anyio.to_thread.run_sync(try_all)
    assert not failures, "\n\n".join(failures)
    assert tried > 100
    # Many requests have been let in and understood, or nothing would have been found.
    assert target.statuses[401] == target.statuses[403] == 0, target.statuses
    assert target.statuses.total() < 5 * sum(target.statuses[status] for status in (200, 201, 204)), target.statuses
