"""What a tenant and what the installation may set."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from switchroom.locale import mark as _


class TenantSettings(BaseModel):
    """What each tenant may set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    attempts: Annotated[int, Field(ge=1, le=20)] = Field(
        10, title=_("Attempts"), description=_("After so many a delivery counts as dead; it can be sent again by hand.")
    )
    timeout_seconds: Annotated[int, Field(ge=1, le=30)] = Field(
        10, title=_("Longest answer, in seconds"), description=_("An endpoint that takes longer has failed.")
    )
    first_retry_seconds: Annotated[int, Field(ge=1, le=3600)] = Field(
        5, title=_("First pause, in seconds"), description=_("Each further pause is three times as long.")
    )
    pause_after_hours: Annotated[int, Field(ge=1, le=720)] = Field(
        24,
        title=_("Pause an endpoint after hours of failure"),
        description=_("What happens meanwhile is kept, and sent when the endpoint is resumed."),
    )
    keep_days: Annotated[int, Field(ge=1, le=365)] = Field(
        30, title=_("Keep the log, in days"), description=_("Older deliveries are removed.")
    )
    include_contact: StrictBool = Field(
        False,
        title=_("Send customers' names and numbers"),
        description=_("Otherwise a webhook names an interaction by its id alone."),
    )


class InstallationSettings(BaseModel):
    """What `settings.yaml` may set under `plugins.settings.webhooks`.

    Attributes:
        allow_http: Whether addresses may begin with `http://`.
        allowed_networks: Networks that webhooks may reach although they are not on the public internet.
        ca_file: Certificate authorities to trust besides the usual ones, as PEM.
        endpoints_per_tenant: How many one tenant may have.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow_http: StrictBool = False
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    ca_file: Path | None = None
    endpoints_per_tenant: Annotated[int, Field(ge=1, le=1000)] = 20
