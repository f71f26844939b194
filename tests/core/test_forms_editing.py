"""Changes of a form under work, and what can be set of its parts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.admin.forms.drawing import model_at
from core.errors import InvalidInput, NotFound
from core.forms.library import editing
from core.forms.library.checking import problems_in
from core.forms.library.content import check_shape, parts
from core.forms.library.palette import palette, starter
from core.forms.library.properties import Property, Widget, change_rows, properties_of, set_property


def line(key: str, **more: Any) -> dict[str, Any]:
    """A question for a line of text."""
    return {"kind": "text", "key": key, "label": {"en": key}, **more}


def section(key: str, *inner: dict[str, Any]) -> dict[str, Any]:
    """A section."""
    return {"kind": "section", "key": key, "title": {"en": key}, "components": list(inner)}


def form(*pages: list[dict[str, Any]]) -> dict[str, Any]:
    """A form of pages."""
    asked = [{"key": f"p{number}", "components": page} for number, page in enumerate(pages)]
    return {"title": {"en": "Form"}, "pages": asked}


def keys(content: dict[str, Any]) -> list[str]:
    """The names of all parts in their order."""
    return [part.data["key"] for part in parts(content)]


def test_a_part_steps_through_a_section_and_on_to_the_next_page_and_back() -> None:
    content = form([line("a"), section("s", line("b"))], [line("c")])
    place, orders = "pages.0.components.0", []
    for _step in range(4):
        moved = editing.step(content, place, 1)
        content, place = moved.content, moved.place
        orders.append(" ".join(keys(content)))
    assert orders == ["p0 s a b p1 c", "p0 s b a p1 c", "p0 s b a p1 c", "p0 s b p1 a c"]
    for _step in range(4):
        moved = editing.step(content, place, -1)
        content, place = moved.content, moved.place
    assert keys(content) == ["p0", "a", "s", "b", "p1", "c"]
    assert editing.step(content, "pages.0", -1).content == content
    assert keys(editing.step(content, "pages.0", 1).content) == ["p1", "c", "p0", "a", "s", "b"]


def test_a_new_name_is_found_in_every_condition_that_asks_for_it() -> None:
    content = form(
        [
            {"kind": "yes_no", "key": "good", "label": {"en": "Good"}},
            line("why", shown_if={"all": [{"field": "good", "equals": False}, "not good"]}),
            line("more", required_if="good == true and why == 'good'"),
        ],
        [line("last")],
    )
    content["pages"][0]["leads_to"] = [{"page": "p1", "when": "good"}]
    renamed = editing.rename(content, "pages.0.components.0", "fine").content
    renamed = editing.rename(renamed, "pages.1", "end").content
    page = renamed["pages"][0]
    assert page["components"][1]["shown_if"] == {"all": [{"field": "fine", "equals": False}, "not fine"]}
    assert page["components"][2]["required_if"] == "fine == true and why == 'good'"
    assert page["leads_to"] == [{"page": "end", "when": "fine"}]
    assert problems_in("x", renamed, {}) == {}
    assert content["pages"][0]["components"][0]["key"] == "good"


def test_every_kind_of_the_palette_makes_a_form_that_can_be_published() -> None:
    content = form([])
    place = "pages.0"
    for each in palette({}):
        part = starter(each.kind, {})
        assert part is not None
        added = editing.add_after(content, part, place)
        content, place = added.content, "pages.0"
    content = editing.add(content, line("inside"), f"{_of_kind(content, 'section')}.components", 0).content
    assert problems_in("x", content, {}) == {}
    assert "secret" not in [each.kind for each in palette({})]


def _of_kind(content: dict[str, Any], kind: str) -> str:
    return next(part.place for part in parts(content) if part.data.get("kind") == kind)


def all_properties(found: tuple[Property, ...]) -> list[Property]:
    """Properties, and those of rows."""
    inner = [each for one in found for row in one.rows for each in all_properties(row)]
    return [each for each in found if each.widget is not Widget.ROWS] + inner


@pytest.mark.parametrize("kind", [each.kind for each in palette({})])
@settings(max_examples=20)
@given(data=st.data())
def test_whatever_is_typed_is_kept_and_what_is_wrong_is_said_of_its_place(kind: str, data: st.DataObject) -> None:
    part = starter(kind, {})
    assert part is not None
    content = form([part])
    model = model_at(content, "pages.0.components.0", {})
    assert model is not None
    for each in all_properties(properties_of(model, part)):
        if each.path == "key":
            continue
        path = f"{each.path}.ru" if each.widget is Widget.TEXT else each.path
        typed = data.draw(st.sampled_from(["", "yes", "3", "2.5", "x", "x > 1", "[1]", "{", "é\n"]), label=path)
        part = set_property(model, part, path, typed)
    properties_of(model, part)
    changed = form([part])
    check_shape(changed)
    for place in problems_in("x", changed, {}):
        assert place.startswith("pages.0.components.0")


def test_a_typed_condition_is_written_as_it_was_given_and_a_number_is_one() -> None:
    content = form([line("a", shown_if={"any": [{"field": "b", "equals": True}, {"field": "c", "equals": "x"}]})])
    model = model_at(content, "pages.0.components.0", {})
    assert model is not None
    part = content["pages"][0]["components"][0]
    shown = {each.name: each.value for each in properties_of(model, part)}
    assert shown["shown_if"] == "b == true or c == 'x'"
    assert set_property(model, part, "shown_if", shown["shown_if"]) == part
    assert set_property(model, part, "shown_if", "b")["shown_if"] == "b"
    assert "shown_if" not in set_property(model, part, "shown_if", " ")
    assert set_property(model, part, "max_length", "20")["max_length"] == 20
    assert set_property(model, part, "max_length", "many")["max_length"] == "many"
    assert "max_length" not in set_property(model, {**part, "max_length": 20}, "max_length", "200")
    with pytest.raises(NotFound):
        set_property(model, part, "kind", "number")


def test_rows_are_added_ordered_and_taken_away_also_within_rows() -> None:
    part = starter("table", {})
    assert part is not None
    model = model_at(form([part]), "pages.0.components.0", {})
    assert model is not None
    part = change_rows(model, part, "columns", "add", 0)
    part = change_rows(model, part, "columns.1.options", "add", 0)
    part = change_rows(model, part, "columns", "up", 1)
    assert [(column["key"], len(column.get("options", []))) for column in part["columns"]] == [
        ("column2", 1),
        ("column1", 0),
    ]
    part = change_rows(model, part, "columns", "remove", 0)
    assert [column["key"] for column in part["columns"]] == ["column1"]
    with pytest.raises(NotFound):
        change_rows(model, part, "label", "add", 0)


def test_what_a_button_does_is_set_row_by_row() -> None:
    part = starter("button", {})
    assert part is not None
    model = model_at(form([part]), "pages.0.components.0", {})
    assert model is not None
    for number, kind in enumerate(("set", "run", "end")):
        part = change_rows(model, part, "options.0.does", "add", 0)
        part = set_property(model, part, f"options.0.does.{number}.kind", kind)
    for path, typed in (
        ("0.field", "what"),
        ("0.to", "'again'"),
        ("1.action", "promises.call_back"),
        ("1.arguments", "at = when\nabout = 'x = y'\nlate = people > 3"),
        ("1.into", "promise = what"),
        ("2.outcome", "sold"),
        ("2.label.en", "Sold"),
        ("2.success", "yes"),
    ):
        part = set_property(model, part, f"options.0.does.{path}", typed)
    does = part["options"][0]["does"]
    assert does == [
        {"kind": "set", "field": "what", "to": {"value": "again"}},
        {
            "kind": "run",
            "action": "promises.call_back",
            "arguments": {"at": {"field": "when"}, "about": {"value": "x = y"}, "late": {"expression": "people > 3"}},
            "into": {"promise": "what"},
        },
        {"kind": "end", "outcome": "sold", "label": {"en": "Sold"}, "success": True},
    ]
    shown = {each.path: each.value for each in all_properties(properties_of(model, part))}
    assert shown["options.0.does.1.arguments"] == "at = when\nabout = 'x = y'\nlate = people > 3"
    assert shown["options.0.does.0.to"] == "'again'"
    pressed = {**part["options"][0], "does": [does[0], does[2]]}
    assert problems_in("x", form([{**part, "options": [pressed]}], [line("what")]), {}) == {}


@given(st.data())
def test_no_sequence_of_changes_loses_a_part_or_doubles_a_name(data: st.DataObject) -> None:
    content = form([line("a"), section("s", line("b"))], [line("c")])
    for _change in range(data.draw(st.integers(1, 8))):
        places = [part.place for part in parts(content)]
        before = sorted(keys(content))
        place = data.draw(st.sampled_from(places))
        what = data.draw(st.sampled_from(["step", "move", "duplicate", "remove", "add"]))
        if what == "step":
            edited = editing.step(content, place, data.draw(st.sampled_from([-1, 1])))
        elif what == "move":
            pages = [each for each in places if each.count(".") == 1]
            into = "pages" if place in pages else f"{data.draw(st.sampled_from(pages))}.components"
            edited = editing.move(content, place, into, data.draw(st.integers(0, 5)))
        elif what == "duplicate":
            edited = editing.duplicate(content, place)
        elif what == "add":
            edited = editing.add_after(content, line("a"), place)
        elif len(places) > 3:
            edited = editing.remove(content, place)
        else:
            continue
        if what in ("step", "move"):
            assert sorted(keys(edited.content)) == before
            moved, was = editing.part_at(edited.content, edited.place), editing.part_at(content, place)
            assert moved["key"] == was["key"]
        content = edited.content
        check_shape(content)
        assert len(set(keys(content))) == len(keys(content))
        assert editing.is_there(content, edited.place)
        if not content["pages"]:
            break


def test_a_part_cannot_be_moved_into_itself_nor_to_where_nothing_is() -> None:
    content = form([section("s", line("a"))])
    for into in ("pages.0.components.0.components", "pages.7.components", "title", "pages.0.leads_to"):
        with pytest.raises(NotFound):
            editing.move(content, "pages.0.components.0", into, 0)
    with pytest.raises(NotFound):
        editing.remove(content, "pages.0.components.4")
    with pytest.raises(InvalidInput):
        check_shape({"title": {}, "pages": [{"components": []}]})
