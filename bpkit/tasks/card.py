"""An answer's answer as text, and as a short HTML card of the same words.

A message is a list of blocks, ("text", words) or ("code", lines). Words in backticks are code in
both. Meaning never hangs on color: the card has none of its own.
"""

import functools
import html
import re
import sys

INDENT = "    "


def plain(blocks):
    """The blocks as text for a terminal."""
    return "\n\n".join(
        "\n".join(INDENT + line for line in words.splitlines()) if kind == "code" else words
        for kind, words in blocks
    )


def card(blocks):
    """The blocks as HTML: the first is the heading."""
    return _card(tuple(map(tuple, blocks)))


@functools.lru_cache(maxsize=256)  # most of a class are told one of a few things
def _card(blocks):
    (_, heading), *rest = blocks
    parts = [f"<p><strong>{_inline(heading)}</strong></p>"]
    for kind, words in rest:
        if kind == "code":
            parts.append(f'<pre style="margin: 0 0 1em 1em">{html.escape(words)}</pre>')
        else:
            parts.append(f"<p>{_inline(words)}</p>")
    return (
        '<div role="status" style="border-left: 4px solid; padding-left: 1em; max-width: 48em">'
        f"{''.join(parts)}</div>"
    )


def _inline(words):
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(words)).replace("\n", "<br>")


def show(blocks):
    """Print the blocks, or display them as a card where a notebook is running."""
    if "IPython" in sys.modules:
        from IPython import get_ipython
        from IPython.display import display

        if hasattr(get_ipython(), "kernel"):
            display({"text/plain": plain(blocks), "text/html": card(blocks)}, raw=True)
            return
    print(plain(blocks))
