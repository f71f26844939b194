"""A page with a form that asks for files, in the way that any plugin has one."""

from typing import Any

from litestar import Request, Response, get, post

from switchroom import Context, hookimpl
from switchroom.contributions import Permission, Routes
from switchroom.forms import (
    AlreadySubmitted,
    File,
    Form,
    InvalidAnswers,
    LongText,
    Page,
    Reader,
    Text,
    Typed,
    get_draft,
    get_submission,
    pick_answers,
    read_writer,
    render_form,
    save_draft,
    show_answers,
    submit_form,
    uploads_for,
)
from switchroom.web import SignedIn, page

USE = "papers.use"
SUBJECT = "papers:desk:1"
FORM = Form(
    key="papers:desk",
    version=1,
    title=Text.of(en="Papers", ru="Бумаги"),
    pages=(
        Page(
            key="papers",
            components=(
                File(
                    key="papers",
                    label=Text.of(en="Papers", ru="Бумаги"),
                    help=Text.of(en="The contract and a picture of the damage", ru="Договор и снимок повреждения"),
                    accepts=("pdf", "image"),
                    max_files=3,
                    max_megabytes=1,
                    required=True,
                ),
                File(key="voice", label=Text.of(en="A recording", ru="Запись"), accepts=("audio",)),
                LongText(
                    key="about",
                    label=Text.of(en="About them", ru="О них"),
                    # More text than the largest request may carry.
                    max_length=20_000,
                ),
            ),
        ),
    ),
)


async def _page(ctx: Context, user: SignedIn, errors: dict[str, str] | None = None) -> Response[Any]:
    reader = Reader(user.zone)
    sent = await get_submission(ctx, FORM.key, SUBJECT, user.id)
    draft = await get_draft(ctx, FORM.key, SUBJECT, user.id)
    typed: Typed = show_answers(FORM, sent.answers, reader) if sent else draft.typed if draft else {}
    uploads = await uploads_for(ctx, FORM, SUBJECT, user.id, typed)
    form = render_form(FORM, typed, reader, scope="desk", errors=errors, uploads=uploads)
    response = await page("papers/desk.html", title="Papers", form=form, sent=sent)
    response.status_code = 422 if errors else 200
    return response


async def _posted(request: Request[Any, Any, Any]) -> list[tuple[str, str]]:
    form = await request.form()
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


@get("/desk", permission=USE)
async def desk(ctx: Context, user: SignedIn) -> Response[Any]:
    """The form, or what was sent."""
    return await _page(ctx, user)


@post("/draft", permission=USE, status_code=204)
async def draft(request: Request[Any, Any, Any], ctx: Context, user: SignedIn) -> None:
    """Keeps what is typed."""
    posted = await _posted(request)
    await save_draft(ctx, FORM, SUBJECT, user.id, pick_answers(FORM, posted), read_writer(posted))


@post("/desk", permission=USE, status_code=200)
async def send(request: Request[Any, Any, Any], ctx: Context, user: SignedIn) -> Response[Any]:
    """Sends the form."""
    typed = pick_answers(FORM, await _posted(request))
    try:
        await submit_form(ctx, FORM, SUBJECT, user.id, typed, Reader(user.zone))
    except InvalidAnswers as error:
        await save_draft(ctx, FORM, SUBJECT, user.id, typed)
        return await _page(ctx, user, error.fields)
    except AlreadySubmitted:
        pass
    return await _page(ctx, user)


class Papers:
    """The wiring."""

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=[desk, draft, send])

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return [Permission(USE, "Give papers", ("agent",))]


plugin = Papers()
