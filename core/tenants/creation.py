"""Makes tenants for the console: with the plugins that were chosen and a first administrator."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.accounts.models import User
from core.accounts.permissions import ADMINISTRATOR
from core.accounts.sessions import roles_of
from core.accounts.users import create_user, ensure_built_in_roles, set_password, set_roles
from core.accounts.zones import is_zone
from core.agents.roster import ensure_team
from core.audit.log import record_of
from core.database.transaction import transaction
from core.errors import Conflict, InvalidInput
from core.locale import gettext as _
from core.locale.languages import NAMES
from core.plugin_lifecycle import enable_what_can_be
from core.plugins.context import Actor, Context, Platform
from core.tenancy.context import TenantRef
from core.tenancy.models import Tenant

_SLUG = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without letters and digits that look alike: a password is read aloud and typed."""

_CYRILLIC = str.maketrans(
    dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziyklmnoprstufye", strict=True))
    | {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ю": "yu", "я": "ya"}
)


@dataclass(frozen=True)
class NewTenant:
    """What a new tenant is called.

    Attributes:
        slug: 3 to 40 small letters, digits and hyphens; part of public addresses.
        language: The language of its pages; None is the installation's.
        timezone: Its IANA zone; None is the installation's.
    """

    slug: str
    name: str
    language: str | None = None
    timezone: str | None = None

    def with_defaults(self, language: str, timezone: str) -> NewTenant:
        """The same, with language and zone where none was given."""
        return replace(self, language=self.language or language, timezone=self.timezone or timezone)


@dataclass(frozen=True)
class FirstAdministrator:
    """Who administers a new tenant.

    Attributes:
        password: To be told once; only its hash is stored.
    """

    username: str
    name: str
    password: str


@dataclass(frozen=True)
class Created:
    """What came of it.

    Attributes:
        left_off: Plugin → why it could not be switched on.
    """

    tenant: TenantRef
    administrator: FirstAdministrator | None
    left_off: Mapping[str, str]


async def create(
    platform: Platform,
    new: NewTenant,
    plugins: Sequence[str],
    actor: Actor,
    *,
    administrator: tuple[str, str] | None = None,
) -> Created:
    """Makes a tenant with the built-in roles, a team and, where named, an administrator; then switches plugins on.

    Args:
        platform: The installation.
        new: What it is called.
        plugins: Those to switch on.
        actor: Who makes it.
        administrator: The first administrator's login and name; the password is made here.

    Raises:
        InvalidInput: A value cannot be used; names the field.
        Conflict: The short name is taken.
    """
    async with transaction():
        tenant = await add_tenant(platform, new)
        async with platform.context(tenant, actor) as ctx:
            await ensure_built_in_roles(ctx)
            await ensure_team(ctx)
            first = await add_administrator(ctx, *administrator) if administrator else None
        after = {"name": tenant.name, "language": tenant.language, "timezone": tenant.timezone}
        await record_of(tenant.id, actor, "core.tenant_created", f"core:tenant:{tenant.id}", tenant.slug, {}, after)
    # Outside: a plugin may ask other systems whether its settings work.
    async with platform.context(tenant, actor) as ctx:
        left_off = await enable_what_can_be(platform, ctx, list(plugins))
    return Created(await platform.tenant(tenant_id=tenant.id), first, left_off)


async def add_tenant(platform: Platform, new: NewTenant) -> TenantRef:
    """Adds the row of a tenant and nothing else.

    Raises:
        InvalidInput: A value cannot be used; names the field.
        Conflict: The short name is taken.
    """
    new = NewTenant(new.slug.strip().lower(), new.name.strip(), new.language or None, new.timezone or None)
    if wrong := _problems(new):
        raise InvalidInput(_("The tenant cannot be created."), fields=wrong)
    if await Tenant.filter(slug=new.slug).exists():
        raise Conflict(
            _("There is an organisation %(slug)s already.") % {"slug": new.slug}, mend=_("Choose another short name.")
        )
    defaults = platform.settings.locale
    full = new.with_defaults(defaults.default_language, defaults.default_timezone)
    row = await Tenant.create(slug=full.slug, name=full.name, language=full.language, timezone=full.timezone)
    return row.ref()


async def add_administrator(ctx: Context, username: str, name: str) -> FirstAdministrator:
    """Gives a tenant an administrator with a new password: a new person, or one who is there by that login.

    Raises:
        InvalidInput: A value cannot be used; names the field.
    """
    password = new_password()
    try:
        async with transaction():
            there = await User.get_or_none(username=username.strip().casefold())
            if there is None:
                person = await create_user(ctx, username, name, password, [ADMINISTRATOR])
                return FirstAdministrator(person.username, person.name, password)
            await set_password(ctx, there.id, password)
            held = [role.key for role in await roles_of(ctx, there.id)]
            await set_roles(ctx, there.id, [ADMINISTRATOR, *(key for key in held if key != ADMINISTRATOR)])
            return FirstAdministrator(there.username, there.name, password)
    except InvalidInput as error:
        fields = {f"admin_{field}": text for field, text in error.fields.items()}
        raise InvalidInput(error.message, fields=fields) from error


def new_password() -> str:
    """Sixteen letters and digits in groups of four: 79 bits."""
    groups = ["".join(secrets.choice(_ALPHABET) for _letter in range(4)) for _group in range(4)]
    return "-".join(groups)


def suggest_slug(name: str) -> str:
    """A short name that fits a name, as far as it has letters: `Ромашка, ООО` gives `romashka-ooo`."""
    latin = name.casefold().translate(_CYRILLIC)
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    slug = re.sub(r"^[^a-z]+", "", slug)[:40].strip("-")
    return slug if _SLUG.fullmatch(slug) else ""


def _problems(new: NewTenant) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not _SLUG.fullmatch(new.slug):
        wrong["slug"] = _("Use 3 to 40 small letters, digits and hyphens, beginning with a letter.")
    if not 1 <= len(new.name) <= 200:
        wrong["name"] = _("Enter a name of at most 200 characters.")
    if new.language is not None and new.language not in NAMES:
        wrong["language"] = _("There is no such language.")
    if new.timezone is not None and not is_zone(new.timezone):
        wrong["timezone"] = _("There is no such time zone.")
    return wrong
