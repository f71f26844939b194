"""Commands of plugins: `register_commands` gives click's, found below `switchroom <plugin>`.

A command is an ordinary function, which runs its work with `asyncio.run` and opens a tenant in it with `in_tenant`.
"""

from core.cli.contributed import in_tenant

__all__ = ["in_tenant"]
