"""Where rooms meet: the shapes of the tables that `app/house.py` fills, and nothing else crosses.

Features find each other's things only through the `House` of the application at hand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import current_app


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How entries of one kind are loaded and drawn.

    `load(ids)` answers the contents by entry id in one statement. `card` and `page` are templates that get `item`.
    `edit(author, entry, content)` answers the form for changing it, `revise(author, entry, **values)` is the verb
    behind it, `edit_template` shows it. Contents hang on their entry by a foreign key and go with it.

    A kind whose drafts are kept says where a new one is written: `write(author)` answers the form, `write_at` is the
    endpoint of its page, `write_template` shows it. `has_versions`: what its words were before is kept for its author.
    """

    name: str
    load: Callable[[Sequence[int]], Mapping[int, Any]]
    card: str
    page: str
    edit: Callable[[Any, Any, Any], Any]
    revise: Callable[..., Any]
    edit_template: str
    write: Callable[[Any], Any] | None = None
    write_at: str = ""
    write_template: str = ""
    has_versions: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    """What a feature shows in a named place of somebody else's page.

    `load(viewer, subjects)` is bulk and bounded: it answers data by subject id (by None where the place has no
    subject); where it answers nothing, nothing is shown.
    """

    place: str
    order: int
    load: Callable[[Any, Sequence[Any]], Mapping[Any, Any]]
    template: str
    shelf: str = ""


@dataclass(frozen=True, kw_only=True)
class Reportable:
    """What can be reported.

    `load(viewer, id)` answers the thing through the law, or raises NotHere. `maker_id(thing)` says whose it is,
    `address(thing)` where it stands. `snapshot(thing)` keeps what was reported as plain values: `text`, and what of
    `title`, `audience`, `made_at`, `number` there is; nothing that was not reported. `remove(host, id)` takes it away,
    whoever may see it; it says whether there was something to take. `label` and `removal` are words for both.
    """

    name: str
    label: Any
    removal: Any
    load: Callable[[Any, int], Any]
    maker_id: Callable[[Any], int]
    address: Callable[[Any], str]
    snapshot: Callable[[Any], Mapping[str, Any]]
    remove: Callable[[Any, int], bool]


@dataclass(frozen=True)
class ShownPanel:
    """One panel with the data it shows now."""

    template: str
    data: Any
    shelf: str


@dataclass(frozen=True, kw_only=True)
class House:
    """The tables."""

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    reactions: Mapping[str, Sequence[Callable[[Any], None]]] = field(default_factory=dict)
    reportables: Mapping[str, Reportable] = field(default_factory=dict)
    panels: Sequence[Panel] = ()
    # What a visit leaves behind, by name: answers the statement to write once the page has gone out, or None.
    traces: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    farewells: Sequence[Callable[[Any], None]] = ()  # what rooms take away of a member who left; harmless if repeated

    def panels_for(self, place: str, viewer: Any, subject: Any = None) -> list[ShownPanel]:
        """The panels of one place with their data, in order; those with nothing to say are left out."""
        subjects = [] if subject is None else [subject]
        key = None if subject is None else subject.id
        shown = []
        for panel in sorted((p for p in self.panels if p.place == place), key=lambda p: p.order):
            data = panel.load(viewer, subjects).get(key)
            if data is not None:
                shown.append(ShownPanel(panel.template, data, panel.shelf))
        return shown


def current_house() -> House:
    """The house of the application at hand."""
    house: House = current_app.extensions["mixlite.house"]
    return house
