"""Made-up people, entries and a form for the cupboard. None of them is a row; nothing is asked of the database."""

from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup
from wtforms import BooleanField, PasswordField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs

from mixlite.core import clock
from mixlite.core.forms import AtMost, Filled, Form, Line, OneOf, Words
from mixlite.core.rooms import current_house
from mixlite.entries.audience import Audience
from mixlite.entries.entries import Entry
from mixlite.people.members import Member
from mixlite.policy.showing import Shown

# Names that have broken layouts elsewhere: long, of other scripts, from right to left, with marks, joined pictures.
NAMES = (
    ("aki", "佐藤 亜希"),
    ("ben", "Ben Carter"),
    ("matsui", "松井先生"),
    ("lailah", "ليلى حداد"),
    ("wolfeschlegel", "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"),
    ("family", "👨‍👩‍👧 山下家"),
    ("nguyen", "Nguyễn Thị Ánh"),
    ("jugemu", "寿限無寿限無五劫のすりきれ海砂利水魚の水行末雲来末風来末"),
    ("dot", "."),
)
TITLES_AND_WORDS = (
    (
        "祖母の縁側で、柿をむく",
        (
            "三年ぶりに帰った。駅からの道が思っていたより短くて、坂の上の家は思っていたより小さい。祖母は私の顔を見るなり"
            "「手、洗っといで」と言って、包丁を渡してきた。おかえり、より先に。"
        ),
    ),
    (
        "Two days on Kumotori, one thermos",
        (
            "We had agreed to start at five. Ben’s idea of five turned out to be a mood rather than an hour, so the "
            "sun was already on the ridge when we left the hut behind us."
        ),
    ),
    (
        "2026年のJazz喫茶：Coltraneと、苦いコーヒー☕️、それから300円のトースト",
        (
            "店の人に「まだVinylですか」と聞いたら、“Always.” と英語で返ってきた。Donaudampfschifffahrtselektrizitätenh"
            "auptbetriebswerkbauunterbeamtengesellschaft という単語を思い出しながら、帰った。"
        ),
    ),
)
VOICES = (
    "下山。温泉。瓶コーラ。",
    "Kiln is at 1,240 °C. Nobody is to ask me anything until Thursday.",
    (
        "https://example.org/a/very/long/address/without/any/blank/that/could/break/the/line/somewhere/in/the/middle を"
        "読んだ。長い。مرحبا と挨拶もした。🍵🍵🍵"
    ),
)
PROSE = """The *slow* way and the **short** way. 日本語の*傍点*と**太字**も。

## A heading, 見出し

- towel
- tea, お茶
- https://example.org/a/very/long/address/without/any/blank/that/could/break/the/line/somewhere

1. peel
2. hang

> 「急ぐからよ」と言われて、そういえば急ぐ用なんて何もないのだった。

    one line of code, which is longer than the paper that it is written on and scrolls by itself

---

よく乾いた朝に、もう一度数える。"""


class SampleForm(Form):
    """A field of each sort. Never sent: what could be typed is not kept."""

    name = Line("Name", validators=[Filled(), AtMost(50)])
    email = Line("E-mail", description="Shown to nobody. You can sign in with it.")
    handle = Line("Handle")
    password = PasswordField("Password")
    words = Words("Letter", validators=[AtMost(1000)])
    language = OneOf("Language", choices=[SelectChoice("ja", "日本語"), SelectChoice("en", "English")])
    mails = BooleanField("Mail me once a day, never more")


@dataclass(frozen=True)
class Day:
    """Entries of one day, as home groups them."""

    date: date
    items: list[Shown]


def everything() -> dict[str, Any]:
    """What the page shows, by the names that its template uses."""
    people = [_member(number, handle, name) for number, (handle, name) in enumerate(NAMES)]
    diaries = [_shown(10 + n, "diary", people[n], n, title=t, excerpt=w) for n, (t, w) in enumerate(TITLES_AND_WORDS)]
    voices = [_shown(20 + n, "voice", people[n + 3], n + 3, body=words) for n, words in enumerate(VOICES)]
    today = clock.now().date()
    sunday = today - timedelta(days=today.isoweekday() % 7 or 7)
    return {
        "people": people,
        "days": [Day(today, diaries), Day(sunday, voices), Day(date(today.year - 3, 2, 29 - 1), [])],
        "comments": _comments(people),
        "form": _form(),
        "prose_text": PROSE,
        "audiences": [audience.value for audience in Audience],
        "letter": SimpleNamespace(
            letter="Dear Shino,\n\nthe people I told you about have a house.", created_at=_then(0)
        ),
        "emphasis": Markup("<b>{}</b>").format("48"),
    }


def _member(number: int, handle: str, name: str) -> Member:
    return Member(id=number + 1, handle=handle, name=name, joined_at=_then(number), status="active")


def _shown(number: int, kind: str, author: Member, state: int, **content: str) -> Shown:
    """An entry; `state` chooses among the audiences and marks."""
    audiences = [audience.value for audience in Audience]
    entry = Entry(
        id=number,
        kind=kind,
        author=author,
        author_id=author.id,
        audience=audiences[state % len(audiences)],
        created_at=_then(state),
        shown_at=_then(state),
        published_at=_then(state),
    )
    return Shown(
        entry=entry,
        content=SimpleNamespace(**content),
        kind=current_house().kinds[kind],
        is_mine=state == 1,
        comment_count=state * 3,
        like_count=state * 7,
        liked=state == 2,
        favourited=state == 2,
    )


def _comments(people: list[Member]) -> list[SimpleNamespace]:
    words = (
        "「急ぐからよ」、部室に貼りたい。",
        "Sixty-two! Who eats sixty-two?",
        ">>2 The crows. And my uncle.\n>>1 年明けに持っていくね。",
    )
    return [
        SimpleNamespace(
            id=number,
            number=number,
            author=people[number],
            text=text,
            created_at=_then(number),
            is_mine=number == 2,
            may_remove=number == 2,
        )
        for number, text in enumerate(words, 1)
    ]


def _form() -> SampleForm:
    form = SampleForm(formdata=None, data={"name": "", "email": "hana@example", "handle": "hana", "language": "ja"})
    form.name.errors = ["Please fill this in."]
    form.email.errors = ["Something is missing after the dot."]
    form.form_errors = ["Not sent yet."]
    return form


def _then(hours: int) -> Any:
    return clock.now() - timedelta(hours=hours)
