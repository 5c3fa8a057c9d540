"""What all pages share: the frame, its style for light, dark and paper, and bars beside numbers."""

from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #565c65; --line: #c9ced6;
  --paper: #ffffff; --panel: #f4f6f8; --bar: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --soft: #a9b1bc; --line: #454b54;
  --paper: #15171a; --panel: #1e2125; --bar: #56b4e9; } }
body { margin: 0 auto; max-width: 54rem; padding: 2rem 1.25rem 4rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.35rem; margin: 2.6rem 0 .5rem; padding-top: .8rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1.08rem; margin: 2rem 0 .4rem; }
p { margin: .4rem 0; }
a { color: inherit; text-underline-offset: .15em; }
.lead { font-size: 1.2rem; }
.soft, small, caption, th { color: var(--soft); }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; }
caption { text-align: left; padding: 0 0 .3rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; font-size: .88rem; }
tbody th { color: var(--ink); font-size: 1rem; font-weight: 500; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.bar { width: 26%; min-width: 5rem; padding-top: .68rem; }
svg { display: block; width: 100%; height: .85rem; }
svg .full { fill: var(--bar); } svg .whole { fill: var(--panel); stroke: var(--line);
  vector-effect: non-scaling-stroke; }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .9em; }
pre { overflow-x: auto; background: var(--panel); padding: .6rem .8rem; }
[role=status] { border-color: var(--line) !important; max-width: none !important; }
[role=status] pre { margin: .5rem 0 !important; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .6rem; }
@media (max-width: 36rem) { td.bar, th.bar { display: none; } }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt; }
  section, tr, [role=status] { break-inside: avoid; } h2, h3 { break-after: avoid; } }
"""


def page(title, body):
    """A whole page. title: text; body: HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def table(caption, head, rows, numbers=(), bars=()):
    """A table. head: the columns' names. rows: of HTML; the first cell heads its row.

    numbers, bars: the places of columns that hold numbers, or bars.
    """
    kinds = dict.fromkeys(numbers, ' class="n"') | dict.fromkeys(bars, ' class="bar"')
    tops = "".join(
        f'<th scope="col"{kinds.get(i, "")}>{escape(name)}</th>' for i, name in enumerate(head)
    )
    lines = []
    for first, *rest in rows:
        cells = "".join(f"<td{kinds.get(i, '')}>{c}</td>" for i, c in enumerate(rest, start=1))
        lines.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{tops}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def bar(share):
    """A bar as long as a share of 1. The number that it shows stands beside it as text."""
    width = round(100 * min(max(share, 0), 1), 1)
    return (
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="whole" width="100" height="10"/>'
        f'<rect class="full" width="{width}" height="10"/></svg>'
    )


def number(value):
    """Points as they are written: 2, 1.8.

    >>> number(2.0), number(1.80)
    ('2', '1.8')
    """
    return f"{value:.4g}" if value < 1000 else f"{value:.0f}"


def words(count, thing):
    """How many of a thing: `1 task`, `3 tasks`."""
    return f"{count} {thing}{'s' * (count != 1)}"
