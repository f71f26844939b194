"""The pages of record queues. Thin: what happens is in `services`."""

from plugins.records.routes import desk, importing, item, lists, managing, supervising

PAGES = [
    *desk.HANDLERS,
    *item.HANDLERS,
    *lists.HANDLERS,
    *supervising.HANDLERS,
    *managing.HANDLERS,
    *importing.HANDLERS,
]
