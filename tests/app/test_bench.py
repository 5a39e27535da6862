"""`mixlite bench`: the synthetic circle is what it says, the law holds in it, and nothing of it stays behind."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from mixlite.app.bench.circle import ALWAYS_WRITTEN, Circle, Size
from mixlite.app.bench.load import load_circle
from mixlite.app.bench.run import Order, run_bench
from mixlite.app.bench.tasks import TASKS
from mixlite.app.cli import main
from mixlite.core.db import db
from mixlite.entries.entries import Entry
from mixlite.entries.selections import choices_of
from mixlite.people.blocks import Block
from mixlite.people.friendships import Friendship, count_of_friends
from mixlite.people.members import Member
from mixlite.policy import visibility
from mixlite.policy.visibility import count_of_readers, feed_ids, readers_of, sees
from tests.support.site import Site, _open, settings_for

SMALL = Size(members=120, friends=8, entries=4)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def circle() -> Circle:
    return Circle(SMALL, NOW, each=2)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory, circle: Circle):
    """A site on SQLite with the synthetic circle in it."""
    site = _open(settings_for(tmp_path_factory.mktemp("crowd")))
    with site.inside():
        load_circle(site.settings, circle, analyse=False)
    yield site
    site.close()


def test_the_same_size_is_the_same_circle(circle: Circle):
    def rows() -> dict[str, list]:
        return {name: list(rows) for name, (_columns, rows) in Circle(SMALL, NOW, each=2).tables().items()}

    assert rows() == rows()
    assert Circle(SMALL, NOW, each=2).viewers == circle.viewers


def test_viewers_have_exactly_as_many_friends_as_they_should(crowd: Site, circle: Circle):
    with crowd.inside():
        for group in circle.groups:
            for viewer in circle.viewers[group.name]:
                assert count_of_friends(viewer) == group.friends


def test_silent_friends_wrote_nothing(crowd: Site, circle: Circle):
    with crowd.inside():
        for viewer in circle.viewers["1000 silent"]:
            wrote = select(Entry.author_id).where(Entry.id.in_([entry_id for _at, entry_id in feed_ids(viewer, 50)]))
            assert list(db.session.scalars(wrote)) == [viewer] * len(ALWAYS_WRITTEN)


def test_guarded_friends_write_a_great_deal_and_nothing_of_it_for_a_viewer(crowd: Site, circle: Circle):
    with crowd.inside():
        for viewer in circle.viewers["1000 guarded"]:
            friends = select(Friendship.friend_id).where(Friendship.member_id == viewer)
            wrote = select(func.count()).select_from(Entry).where(Entry.author_id.in_(friends))
            assert db.session.execute(wrote).scalar_one() > 100
            assert not db.session.scalar(wrote.where(sees(viewer, Entry)))


def test_a_viewers_own_choice_is_all_friends_by_name_and_twenty_groups(crowd: Site, circle: Circle):
    with crowd.inside():
        for viewer in circle.viewers["1000 silent"]:
            own = select(Entry.id, Entry.selection_id).where(Entry.author_id == viewer, Entry.audience == "chosen")
            entry_id, selection_id = db.session.execute(own).one()
            assert selection_id is not None
            choice = choices_of([selection_id])[selection_id]
            assert len(choice.people) == count_of_readers(entry_id) == count_of_friends(viewer)
            assert len(choice.groups) == 20


def test_friendships_go_both_ways_and_nobody_blocks_a_friend(crowd: Site):
    back = Friendship.__table__.alias()
    is_back = (back.c.member_id == Friendship.friend_id) & (back.c.friend_id == Friendship.member_id)
    is_friend = (back.c.member_id == Block.blocker_id) & (back.c.friend_id == Block.blocked_id)
    counts = {
        "rows": select(func.count()).select_from(Friendship),
        "mirrored": select(func.count()).select_from(Friendship).join(back, is_back),
        "blocks": select(func.count()).select_from(Block),
        "blocked friends": select(func.count()).select_from(Block).join(back, is_friend),
    }
    with crowd.inside():
        found = {name: db.session.execute(query).scalar_one() for name, query in counts.items()}
    assert found["rows"] == found["mirrored"] > 0
    assert found["blocks"] > 0 == found["blocked friends"]


def test_what_is_loaded_keeps_its_indexes_and_its_foreign_keys(crowd: Site):
    with crowd.inside(), db.engine.connect() as connection:
        found = {row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'")}
        assert {index.name for table in db.metadata.tables.values() for index in table.indexes} <= found
        assert not connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()


def test_sqlite_learns_about_its_contents_only_when_it_is_asked_to(crowd: Site, tmp_path: Path):
    site = _open(settings_for(tmp_path))
    with site.inside():
        load_circle(site.settings, Circle(SMALL, NOW, each=1), analyse=True)
    found = []
    for place in (crowd, site):
        with place.inside(), db.engine.connect() as connection:
            words = "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'"
            found.append(connection.exec_driver_sql(words).scalar())
    site.close()
    assert found == [0, 1]


@pytest.mark.parametrize("many", [1, 500])
def test_the_feed_of_a_crowd_is_what_the_law_grants_of_friends_and_oneself(
    crowd: Site, circle: Circle, monkeypatch: pytest.MonkeyPatch, many: int
):
    monkeypatch.setattr(visibility, "_MANY", many)
    with crowd.inside():
        for viewers in circle.viewers.values():
            for viewer in viewers:
                friends = select(Friendship.friend_id).where(Friendship.member_id == viewer)
                theirs = (Entry.author_id == viewer) | Entry.author_id.in_(friends)
                law = select(Entry.shown_at, Entry.id).where(theirs, sees(viewer, Entry))
                law = law.order_by(Entry.shown_at.desc(), Entry.id.desc())
                everything = [tuple(row) for row in db.session.execute(law)]
                first = feed_ids(viewer, 7)
                assert first == everything[:7]
                assert feed_ids(viewer, 500, first[-1]) == everything[7:]


def test_counted_readers_are_those_whom_the_law_lists(crowd: Site):
    with crowd.inside():
        for entry in db.session.scalars(select(Entry).where(Entry.id % 9 == 0)):
            reads = sees(Member.id, Entry)
            law = select(Member.id).join(Entry, Entry.id == entry.id).where(Member.status == "active", reads)
            readers = set(db.session.scalars(law)) - {entry.author_id}
            assert {member.id for member in readers_of(entry.id, 1000)} == readers
            assert count_of_readers(entry.id) == len(readers)


def order(**given) -> Order:
    return Order(**{"sizes": [SMALL], "viewers": 1, "rounds": 1, **given})


def test_it_measures_every_question_and_the_home_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    said: list[str] = []
    run_bench(order(), said.append)
    report = "\n".join(said)
    for task in TASKS:
        assert task.name in report
    for name in ("ix_entries_feed", "ix_entries_chosen", "ix_entries_selection"):
        assert f"INDEX {name} " in report
    fractions = [line for line in report.splitlines() if line.startswith("fraction, ")]
    assert len(fractions) == 2
    assert all(0 < float(word) < 1 for line in fractions for word in line.split()[2:])
    assert report.count(" pictures per second and core") == 2
    assert report.count("a static file of the same server") == 1
    assert not list(tmp_path.iterdir())


def test_photos_need_no_circle():
    said: list[str] = []
    run_bench(order(parts=("photos",)), said.append)
    assert len(said) == 1
    shares = [float(line.rsplit(" ", 1)[1]) for line in said[0].splitlines() if "share" in line]
    assert len(shares) == 3
    assert min(shares) > 0


def test_a_kept_circle_is_built_once(tmp_path: Path):
    said: list[str] = []
    for _ in range(2):
        run_bench(order(parts=("feed",), plans=False, keep=tmp_path), said.append)
    assert len([line for line in said if "built in" in line]) == 1
    assert len([line for line in said if "feed_ids, first page" in line]) == 2


@pytest.mark.postgres
def test_on_postgresql_it_uses_a_database_of_its_own_and_takes_it_away(postgres_server):
    server = postgres_server._url("postgres")

    def databases() -> set[str]:
        with psycopg.connect(server.replace("+psycopg", "")) as connection:
            found = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
        return {name for name in found if name.startswith("mixlite_bench")}

    before = databases()
    said: list[str] = []
    run_bench(order(parts=("feed", "home"), databases=[server]), said.append)
    report = "\n".join(said)
    assert "Index Only Scan Backward using ix_entries_feed" in report
    assert "fraction" in report
    assert databases() == before


def test_the_command_refuses_a_part_that_it_does_not_know():
    answer = CliRunner().invoke(main, ["bench", "--only", "feed,weather"])
    assert answer.exit_code == 2
    assert "weather" in answer.output
