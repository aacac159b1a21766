"""One HTML page that needs nothing beside it, and whose policy lets the browser run nothing but what is in it.

page("Report", "<main>...</main>", css) gives the whole text; `inlined` makes an SVG a part of such a page.
"""

import base64
import hashlib
import html
import xml.etree.ElementTree as ET
from importlib.resources import files

from .errors import OptionError

__all__ = ["inlined", "page", "page_file"]

SVG = "http://www.w3.org/2000/svg"


def page(title: str, body: str, css: str, script: str | None = None) -> str:
    """The text of a page with this style sheet and script, and no other: each is named in its policy by its hash.

    The style sheet comes after what all pages share, `pages/page.css`: colours in light and dark, fonts, focus.
    title: plain text.  body: HTML, as ElementTree writes it; what it holds of style and script elements, style
    attributes and addresses other than data: does not work.  css, script: without `</style` and `</script`.
    Raises OptionError for a style sheet or script that would end too early.

    >>> "default-src 'none'; style-src 'sha256-" in page("Report", "<main></main>", "main{margin:0}")
    True
    """
    css = f"{page_file('page.css')}\n{css}"
    for name, text in (("style", css), ("script", script or "")):
        if f"</{name}" in text.lower():
            raise OptionError(f"page: the {name} holds </{name}, which would end it; write <\\/{name} there.")
    policy = [f"default-src 'none'; style-src {_hash(css)}; img-src data:; base-uri 'none'; form-action 'none'"]
    policy += [f"script-src {_hash(script)}"] if script else []
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<link rel="icon" href="data:,">',
        f"<title>{html.escape(title)}</title>",
        f"<style>{css}</style>",
        "</head>",
        f"<body>{body}{f'<script>{script}</script>' if script else ''}</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def page_file(name: str) -> str:
    """The text of a file in `pages/`."""
    return files(__package__).joinpath("pages", name).read_text(encoding="utf-8")


def inlined(svg: str) -> tuple[ET.Element, str]:
    """An SVG as an element for a page, and its style sheet, which belongs into the page's.

    >>> element, css = inlined('<svg xmlns="http://www.w3.org/2000/svg"><style>.a{fill:red}</style><g/></svg>')
    >>> element.tag, [child.tag for child in element], css
    ('svg', ['g'], '.a{fill:red}')
    """
    root = ET.fromstring(svg)
    styles = []
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{{{SVG}}}style":
                styles.append(child.text or "")
                parent.remove(child)
    for element in root.iter():  # in HTML an svg element says by itself where it belongs
        element.tag = element.tag.removeprefix(f"{{{SVG}}}")
    return root, "\n".join(styles)


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"
