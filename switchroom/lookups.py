"""Lists of named values that the tenant's administrator keeps, declared by `register_lookups`.

A value is stored as its code. `entries` are those that can be chosen now; `name_of` names any code in the language of
who reads, also one that can be chosen no more.
"""

from core.lookups.entries import Entry, entries, name_of

__all__ = ["Entry", "entries", "name_of"]
