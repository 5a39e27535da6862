"""How the people of the demo look. A few have not chosen anything yet, as everywhere."""

from mixlite.features.portraits.drawing import Face


def _face(digits: str) -> str:
    style, skin, hair, clothes, ground, glasses, beard, mouth = map(int, digits)
    return Face(style, skin, hair, clothes, ground, glasses, beard, mouth).code


PORTRAITS = {
    "ada": _face("71675001"),
    "aoi": _face("11192001"),
    "ben": "t-books",
    "daichi": _face("53833001"),
    "eleni": _face("43122001"),
    "emi": "t-cat",
    "fumi": _face("31110100"),
    "goro": _face("62666000"),
    "grace": _face("11047000"),
    "hannah": _face("00418001"),
    "haru": _face("22173100"),
    "hiraku": _face("82666002"),
    "john": _face("60722202"),
    "jun": _face("21149201"),
    "kana": _face("71205001"),
    "ken": _face("53122021"),
    "leo": _face("23188011"),
    "maya": _face("00518000"),
    "michiko": _face("32234100"),
    "mika": _face("11140000"),
    "nao": "t-bread",
    "nina": "t-camera",
    "oliver": _face("60616110"),
    "priya": _face("04073001"),
    "rie": _face("31065100"),
    "rosa": _face("73709001"),
    "sachi": _face("12155001"),
    "shun": _face("22192202"),
    "sora": "t-moon",
    "takumi": "t-lantern",
    "tom": _face("86018001"),
    "yuki": _face("01197000"),
}
