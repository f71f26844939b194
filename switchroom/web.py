"""Pages of plugins. Handlers are Litestar's; each names a `permission` or is marked `public=True`.

A handler may take `ctx`, the `Context` of the tenant, the plugin and whoever acts, and `user`, who is logged in.
"""

from core.accounts.permissions import HANDLE_INTERACTIONS, SEE_INTERACTIONS, SIGNED_IN
from core.accounts.sessions import SignedIn
from core.web.access import visitor_may
from core.web.downloads import download
from core.web.rendering import fragment, page, public_page, with_event, with_toast
from core.web.spreadsheets import CSV_MARK, csv_line
from core.web.status import LABELS as STATUS_LABELS
from core.web.workbooks import XLSX, xlsx_pieces

__all__ = [
    "CSV_MARK",
    "HANDLE_INTERACTIONS",
    "SEE_INTERACTIONS",
    "SIGNED_IN",
    "STATUS_LABELS",
    "XLSX",
    "SignedIn",
    "csv_line",
    "download",
    "fragment",
    "page",
    "public_page",
    "visitor_may",
    "with_event",
    "with_toast",
    "xlsx_pieces",
]
