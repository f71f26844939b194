"""What a tenant and what the installation may set."""

from __future__ import annotations

import socket
from typing import Annotated, Any

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, StrictInt, field_validator

from switchroom.locale import mark as _

EMBEDDED = "embedded"

Seconds = Annotated[StrictInt, Field(ge=1, le=300)]


class TenantSettings(BaseModel):
    """What each tenant may set.

    Attributes:
        default_region: The country (two letters) whose numbers callers may write without a country code; empty: none.
        max_waiting: Callers who may wait at the same time; further ones are asked to call later.
        calls_per_minute: Calls that one address may begin within a minute.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    default_region: str = Field(
        "",
        title=_("Country of numbers without a country code"),
        description=_(
            "Two capital letters, such as GB. When it is empty, callers give their number with a + in front."
        ),
    )
    max_waiting: Annotated[StrictInt, Field(ge=1, le=10_000)] = Field(
        50,
        title=_("Most callers who may wait at once"),
        description=_("Whoever calls when so many wait is asked to call later."),
    )
    calls_per_minute: Annotated[StrictInt, Field(ge=1, le=10_000)] = Field(
        30,
        title=_("Calls from one address within a minute"),
        description=_("A browser's address from which more come is refused for a while."),
    )

    @field_validator("default_region")
    @classmethod
    def _is_a_region(cls, value: str) -> str:
        if value and value not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError("must be the two capital letters of a country, such as GB")
        return value


class InstallationSettings(BaseModel):
    """What `settings.yaml` may set under `plugins.settings.telephony`; the README explains each key."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    provider: Annotated[str, Field(pattern=r"^(embedded|[A-Za-z_][\w.]*:[A-Za-z_]\w*)$")] = EMBEDDED
    provider_options: dict[str, Any] = Field(default_factory=dict, repr=False)
    node_name: Annotated[str, Field(min_length=1, max_length=100)] = Field(default_factory=socket.gethostname)
    media_host: Annotated[str, Field(min_length=1, max_length=255)] = "127.0.0.1"
    media_port: Annotated[StrictInt, Field(ge=0, le=65535)] = 0
    media_timeout_seconds: Seconds = 5
    connect_timeout_seconds: Seconds = 15
    max_legs: Annotated[StrictInt, Field(ge=2, le=10_000)] = 60

    @field_validator("provider", mode="before")
    @classmethod
    def _names_a_factory(cls, value: object) -> object:
        if isinstance(value, str) and value != EMBEDDED and ":" not in value:
            raise ValueError("must be 'embedded', or name a factory as package.module:function")
        return value
