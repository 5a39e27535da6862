"""What a password must be: long enough, not on the list of common ones, not made of what everybody can read.

Passwords are never cut, folded or cleaned; any characters count (SECURITY.md, S9).
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from wtforms import Field, PasswordField, ValidationError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from mixlite.core.language import lazy_gettext as _l
from mixlite.core.text import characters

SHORTEST = 12
LONGEST = 256
FEWEST_DIFFERENT = 5
SITE_WORDS = ("mixlite", "password", "パスワード")


class Password(PasswordField):
    """Exactly what was typed."""


class GoodPassword:
    """Checks a new password. `about` names the fields of the form whose contents must not make up the password."""

    def __init__(self, about: Iterable[str] = ()):
        self.about = tuple(about)

    def __call__(self, form: Any, field: Field) -> None:
        known = [form[name].data or "" for name in self.about]
        problem = weakness(field.data or "", known)
        if problem:
            raise ValidationError(problem)


def weakness(password: str, known: Iterable[str] = ()) -> Any:
    """Why this password will not do, or None. `known` is what others can read about the person."""
    if characters(password[: LONGEST * 8]) < SHORTEST:
        return _l("At least 12 characters, please. Several words in a row are easy to remember.")
    if len(password) > LONGEST:
        return _l("At most 256 characters.")
    folded = password.casefold()
    if len(set(folded)) < FEWEST_DIFFERENT or folded in _common() or _is_made_of(folded, [*SITE_WORDS, *known]):
        return _l("This password is one of the first that others would try. Please choose another.")
    return None


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST) | _walks()


def _walks() -> frozenset[str]:
    """Rows of the keyboard and of the alphabet, walked and repeated."""
    rows = (
        "1234567890",
        "0987654321",
        "qwertyuiop",
        "asdfghjkl",
        "zxcvbnm",
        "qwertyuiopasdfghjklzxcvbnm",
        "abcdefghijklmnopqrstuvwxyz",
        "1q2w3e4r5t6y7u8i9o0p",
        "qazwsxedcrfvtgbyhnujmikolp",
    )
    return frozenset(
        (row * 20)[start : start + length] for row in rows for start in range(3) for length in range(SHORTEST, 40)
    )


def _is_made_of(password: str, words: list[str]) -> bool:
    """Whether less than five letters remain once every known word, and the digits at its ends, are taken away."""
    rest = password
    for word in sorted(
        {part for text in words for part in [text.casefold(), *text.casefold().split("@")]}, key=len, reverse=True
    ):
        if len(word) >= 2:
            rest = rest.replace(word, "")
    return len(rest.strip("0123456789!?.-_ ")) < FEWEST_DIFFERENT and rest != password
