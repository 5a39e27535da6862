"""/components: for hosts and developers (whoever runs the demo is one of its hosts). To others it is not there."""

from flask import Blueprint, Response
from flask_login import current_user

from mixlite.core.http import page
from mixlite.features.cupboard.samples import everything
from mixlite.policy.permissions import require_host

bp = Blueprint("cupboard", __name__)


@bp.get("/components")
def show() -> Response:
    require_host(current_user)
    return page("cupboard/show.html", **everything())
