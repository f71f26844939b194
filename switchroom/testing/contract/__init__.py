"""What every plugin keeps, as tests that a plugin's own test class inherits.

    class TestLoyalty(PluginContract):
        plugin = "loyalty"

Each part is a module of its own. A test that fails says in its first line which promise is broken, and then where.
"""

from switchroom.testing.contract.access import AccessContract
from switchroom.testing.contract.hooks import HooksContract
from switchroom.testing.contract.jobs import JobsContract
from switchroom.testing.contract.loading import LoadingContract
from switchroom.testing.contract.migrations import MigrationsContract
from switchroom.testing.contract.prefixes import PrefixesContract
from switchroom.testing.contract.settings import SettingsContract
from switchroom.testing.contract.tenancy import TenancyContract
from switchroom.testing.contract.texts import TextsContract
from switchroom.testing.contract.views import ViewsContract


class PluginContract(
    LoadingContract,
    AccessContract,
    TenancyContract,
    HooksContract,
    JobsContract,
    MigrationsContract,
    SettingsContract,
    ViewsContract,
    PrefixesContract,
    TextsContract,
):
    """The whole contract. See `ContractBase` for what a plugin may say of itself."""


__all__ = ["PluginContract"]
