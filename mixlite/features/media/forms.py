"""A file that is about to come in parts."""

from wtforms.validators import InputRequired

from mixlite.core.forms import Form, Line, WholeNumber


class UploadForm(Form):
    """How long it is, and what its owner calls it."""

    size = WholeNumber(validators=[InputRequired()])
    name = Line()
