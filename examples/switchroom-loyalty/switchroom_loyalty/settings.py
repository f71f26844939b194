"""What a tenant and what the installation may set."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, StrictBool, model_validator

from switchroom.locale import mark as _

Points = Annotated[int, Field(ge=0, le=1_000_000)]


class TenantSettings(BaseModel):
    """What each tenant may set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    points_per_contact: Points = Field(
        10, title=_("Points for a contact"), description=_("Given when a member's number is named in the wrap-up form.")
    )
    welcome_points: Points = Field(100, title=_("Points for joining"))
    keep_months: Annotated[int, Field(ge=1, le=120)] = Field(
        12, title=_("Points expire after, in months"), description=_("The same span counts for the tier.")
    )
    silver_from: Annotated[int, Field(ge=1, le=1_000_000)] = Field(500, title=_("Silver from, in points"))
    gold_from: Annotated[int, Field(ge=1, le=1_000_000)] = Field(2000, title=_("Gold from, in points"))
    prefer_last_agent: StrictBool = Field(
        True,
        title=_("Offer members to the agent who helped last"),
        description=_("If that agent is free; else to whoever is."),
    )
    partner_key: SecretStr | None = Field(
        None,
        title=_("Key of the partner programme"),
        description=_("With it every change of a balance is told to the partner."),
    )

    @model_validator(mode="after")
    def _tiers_rise(self) -> Self:
        if self.gold_from <= self.silver_from:
            raise ValueError("gold_from must be more than silver_from")
        return self


class InstallationSettings(BaseModel):
    """What `settings.yaml` may set under `plugins.settings.loyalty`.

    Attributes:
        partner_url: The address of the partner programme. Of the installation, not of a tenant: the server connects to
            it, so it must not be for a stranger to choose.
        default_region: The country, as two letters, whose numbers may be written without a country code.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    partner_url: HttpUrl | None = None
    default_region: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
