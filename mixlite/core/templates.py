"""Templates that are compiled once for each language, with everything that is the same on every page already said.

A page holds hundreds of words that the house says and dozens of drawings. Jinja would look each of them up again for
every reader. Here the compiler does it: in the Japanese templates the Japanese stands as plain text. What a template
means does not change by it: `_("...")` and `ngettext(...)` are still what its author writes.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from babel.support import Translations
from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from mixlite.core.language import TRANSLATIONS, current_language

_NUMBERS = (1, 0, 2, 3, 5, 11, 21, 100)  # one, and enough others to tell a language with more than two forms

Constant = Callable[..., Any]  # answers the same for the same words, as long as the process lives


class SpeakingEnvironment(Environment):
    """Hands out templates of the reader's language. `constants` names functions that the compiler may call itself."""

    constants: Mapping[str, Constant] = MappingProxyType({})
    language: str | None = None

    def get_or_select_template(self, template_name_or_list: Any, *args: Any, **kwargs: Any) -> Template:
        """As Flask asks for it: in the language of the page or mail being made."""
        if self.language is None:
            return self.speaking(current_language()).get_or_select_template(template_name_or_list, *args, **kwargs)
        return super().get_or_select_template(template_name_or_list, *args, **kwargs)

    def speaking(self, language: str) -> "SpeakingEnvironment":
        """The same templates, filters and globals, compiled for one language."""
        found = self._spoken.get(language)
        if found is None:
            found = self.overlay()
            found.language = language
            self._spoken[language] = found
        return found

    @property
    def _spoken(self) -> dict[str, "SpeakingEnvironment"]:
        return self.__dict__.setdefault("_environments", {})  # type: ignore[no-any-return]

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        """Between reading a template and writing it as Python."""
        if self.language is not None:
            source = _Sayer(self.language, self.constants).visit(source)
        return super()._generate(source, *args, **kwargs)


class _Sayer(NodeTransformer):
    """Puts what is always the same in place of the call that would look it up."""

    def __init__(self, language: str, constants: Mapping[str, Constant]):
        self.words = Translations.load(str(TRANSLATIONS), [language])
        self.constants = constants

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - jinja2 names it so
        self.generic_visit(node)
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            return node
        name = _name(node.node)
        if name in ("_", "gettext"):
            return self._said(node)
        if name == "ngettext":
            return self._counted(node)
        return self._made(node, self.constants[name]) if name in self.constants else node

    def _said(self, node: nodes.Call) -> nodes.Node:
        text = _text(node.args[0]) if len(node.args) == 1 else None
        if text is None:
            return node
        words = Markup(self.words.ugettext(text))  # noqa: S704 - ours, as jinja2's own gettext says
        return _filled(node, nodes.Const(words), [])

    def _counted(self, node: nodes.Call) -> nodes.Node:
        """One form for every number, or English's two; anything richer is left to be looked up."""
        one, many, number = node.args if len(node.args) == 3 else [nodes.Const(None)] * 3
        singular, plural = _text(one), _text(many)
        if singular is None or plural is None:
            return node
        said = [Markup(self.words.ungettext(singular, plural, n)) for n in _NUMBERS]  # noqa: S704 - ours
        if len(set(said)) == 1:
            words: nodes.Expr = nodes.Const(said[0])
        elif len(set(said[1:])) == 1:
            is_one = nodes.Compare(number, [nodes.Operand("eq", nodes.Const(1))])
            words = nodes.CondExpr(is_one, nodes.Const(said[0]), nodes.Const(said[1]))
        else:
            return node
        return _filled(node, words, [nodes.Pair(nodes.Const("num"), number)])

    def _made(self, node: nodes.Call, make: Constant) -> nodes.Node:
        try:
            args = [arg.as_const() for arg in node.args]
            kwargs = {keyword.key: keyword.value.as_const() for keyword in node.kwargs}
        except nodes.Impossible:
            return node
        return nodes.Const(make(*args, **kwargs), lineno=node.lineno)


def _filled(node: nodes.Call, words: nodes.Expr, pairs: list[nodes.Pair]) -> nodes.Node:
    """With the values put in, escaped: `Markup % {...}`. Without values `%%` is `%` all the same."""
    given = {keyword.key for keyword in node.kwargs}
    pairs = [pair for pair in pairs if pair.key.as_const() not in given]
    pairs += [nodes.Pair(nodes.Const(keyword.key), keyword.value) for keyword in node.kwargs]
    if not pairs and isinstance(words, nodes.Const):
        return nodes.Const(words.value % {}, lineno=node.lineno)
    return nodes.Mod(words, nodes.Dict(pairs), lineno=node.lineno)


def _text(node: nodes.Node) -> str | None:
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else None


def _name(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{_name(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else ""
