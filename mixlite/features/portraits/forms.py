"""Choosing a portrait."""

from wtforms import HiddenField

from mixlite.core.forms import AtMost, Form
from mixlite.features.portraits.drawing import CODE_LENGTH


class PortraitForm(Form):
    """The code of the one whose button was pressed."""

    portrait = HiddenField(validators=[AtMost(CODE_LENGTH)], default="")
