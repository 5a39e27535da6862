"""A file that is about to come in parts."""

from wtforms import StringField
from wtforms.validators import InputRequired

from mixlite.core.forms import Form, WholeNumber


class UploadForm(Form):
    """How long it is, and what its owner calls it."""

    size = WholeNumber(validators=[InputRequired()])
    name = StringField()  # whatever it is: only what can be seen of it is kept
