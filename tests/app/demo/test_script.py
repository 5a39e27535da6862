"""What the cast's files may say."""

import shutil
from pathlib import Path

import pytest

from mixlite.app.demo import karate
from mixlite.app.demo.script import CAST, BadScript, read_cast


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A copy of the cast's files, to be spoilt."""
    return Path(shutil.copytree(CAST, tmp_path / "cast"))


def spoil(files: Path, handle: str, old: str, new: str) -> None:
    path = files / f"{handle}.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def add(files: Path, handle: str, piece: str) -> None:
    path = files / f"{handle}.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n" + piece, encoding="utf-8")


VOICE = '[[voice]]\non = "07-07"\nat = "07:07"\naudience = "friends"\nbody = "Rain."\n'


def test_the_files_of_the_cast_can_be_played():
    cast = read_cast()
    assert list(cast) == list(range(1, karate.PEOPLE + 1))
    assert cast[karate.INSTRUCTOR].handle == "hiraku"
    assert cast[karate.ADMINISTRATOR].handle == "john"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_there_is_a_year_to_read_in_each_language(language):
    pieces = [piece for person in read_cast().values() if person.language == language for piece in person.pieces]
    assert len([piece for piece in pieces if piece.kind == "diary"]) >= 90
    assert len([piece for piece in pieces if piece.kind == "voice"]) >= 150
    assert len([line for piece in pieces for line in piece.comments]) >= 400
    assert {piece.when.month for piece in pieces} == set(range(1, 13))


def test_everybody_writes_something_that_their_friends_can_read():
    for person in read_cast().values():
        assert len([piece for piece in person.pieces if piece.audience == "friends"]) >= 8, person.handle
        assert person.introduction
        assert person.letter


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (VOICE + 'comments = [{ by = "john", text = "Hm." }]\n', "comment 1 by john, who is no friend"),
        (VOICE + 'liked_by = ["shun"]\n', "liked by shun, who is no friend"),
        (VOICE + 'favourite_of = ["nobody"]\n', "favoured by nobody, who is no friend"),
        (VOICE + 'liked_by = ["rie", "rie"]\n', "liked twice"),
        (
            VOICE.replace("friends", "only_me") + 'liked_by = ["rie"]\n',
            "liked by rie, who is no friend who can read it",
        ),
        (VOICE.replace("friends", "public"), "audience public"),
        (VOICE.replace("Rain.", "雨" * 301), "body has 301 characters, 1 too many"),
        (VOICE.replace("Rain.", " \u3000 "), "body is empty"),
        (VOICE + 'comments = [{ by = "rie", text = ">>1 Me." }]\n', "comment 1 points at 1"),
        (VOICE + VOICE, "two at once"),
        (VOICE.replace('"friends"', '"chosen"\npeople = ["shun"]'), "shun is no friend"),
        (VOICE.replace('"friends"', '"chosen"\ngroups = ["Nobody"]'), "group Nobody is none"),
        (
            VOICE.replace('"friends"', '"chosen"\nbut = ["rie"]') + 'liked_by = ["rie"]\n',
            "liked by rie, who is no friend who can read it",
        ),
        ('[[asking]]\nwhom = "rie"\ndays = 1\nat = "07:00"\nmessage = "Hello."\n', "tomo asking rie: friends already"),
        ('[[asking]]\nwhom = "shun"\ndays = 0\nat = "07:00"\nmessage = "Hello."\n', "today is too late"),
    ],
)
def test_what_the_site_would_not_allow_is_named(files, more, problem):
    add(files, "tomo", more)
    with pytest.raises(BadScript, match=r"^tomo") as refused:
        read_cast(files)
    assert problem in str(refused.value)


def test_all_problems_are_named_at_once(files):
    add(files, "tomo", VOICE + 'liked_by = ["shun"]\n')
    spoil(files, "masa", 'language = "ja"', 'language = "fr"')
    with pytest.raises(BadScript) as refused:
        read_cast(files)
    assert str(refused.value).count("\n") == 1


def test_a_date_that_does_not_exist_names_its_file(files):
    add(files, "tomo", VOICE.replace("07-07", "06-31"))
    with pytest.raises(BadScript, match=r"tomo\.toml"):
        read_cast(files)


def test_a_missing_person_is_missed(files):
    (files / "tomo.toml").unlink()
    with pytest.raises(BadScript, match="the seats are"):
        read_cast(files)
