"""Static files: stylesheets as one, modules as one, every address with the version of all of them, compressed once."""

import gzip
import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path, PurePosixPath

from flask import Response, abort, request

from mixlite.app.joining import join_modules, join_sheets

STYLESHEET = "mixlite.css"
SCRIPT = "js/mixlite.js"  # keeps its place, so that what it imports later is found beside it
A_YEAR = 365 * 24 * 3600
_COMPRESSED = {".css", ".js", ".svg", ".webmanifest", ".txt"}
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


class Assets:
    """The files below `folder`, read at start. Their addresses hold a digest, so browsers may keep them for ever."""

    def __init__(self, folder: Path):
        self.files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        self.files[STYLESHEET] = join_sheets(self.files, "css")
        self.files[SCRIPT] = join_modules(self.files, SCRIPT)
        digest = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            digest.update(name.encode() + b"\0" + content)
        self.version = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Where the file is. Raises KeyError for one that is not there, so a wrong name fails its page's test."""
        if name not in self.files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    def serve(self, version: str, name: str) -> Response:
        """The file, gzipped when it is text and the browser can; any other version of it is not kept."""
        if name not in self.files:
            abort(404)
        suffix = PurePosixPath(name).suffix
        content, is_small = self.files[name], suffix not in _COMPRESSED
        accepts = request.accept_encodings["gzip"] > 0 and not is_small
        response = Response(_gzipped(content) if accepts else content)
        response.content_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        if response.content_type.startswith("text/"):
            response.content_type += "; charset=utf-8"
        if accepts:
            response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
        response.cache_control.public = True
        response.cache_control.max_age = A_YEAR if version == self.version else 0
        response.cache_control.immutable = version == self.version
        response.set_etag(f"{self.version}-{'z' if accepts else 'p'}")
        response.make_conditional(request)
        return response


@lru_cache(maxsize=256)
def _gzipped(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)
