"""The table of derivatives: every rule of the core with its VJP, read from the library's source.

What the table shows is what runs: the lambda that stands beside each rule. A VJP that takes more
than one line is shown whole, below the table.
"""

import ast
import inspect
import textwrap

import bpkit as bp
from bpkit.book.index import Name, links

INTRODUCTION = """
`up` is the gradient of the loss with respect to the result `y`; each entry gives the gradient with
respect to one input, in `bpkit`'s own code. All of it is written with the same rules, so that it
can be differentiated again. Where an input was broadcast, the gradient is also summed back to the
input's shape. A dash: the derivative is 0 wherever there is one. Every line is held against
differences by the library's tests, and so is the derivative of every line.
"""


def page(chapters):
    """The table's page, in Markdown, and the longer VJPs below it."""
    link = links(chapters)
    lines = ["| rule | gradient | chapter |", "| :--- | :--- | ---: |"]
    longer = {}
    for rule in bp.RULES.values():
        linked = link(Name(rule.name, getattr(bp, rule.name, rule.forward)).chapter)
        gradients = "<br>".join(_gradients(rule, longer)) or "–"
        lines.append(f"| `{signature(rule)}` | {gradients} | {linked} |")
    below = [f"```python\n{source}\n```" for source in longer.values()]
    return "\n\n".join([INTRODUCTION.strip(), "\n".join(lines), "## In several lines", *below])


def signature(rule):
    """A rule as it is called: its inputs, and after a semicolon its static parameters."""
    inputs = ", ".join(rule.inputs if rule.inputs is not None else ["*arrays"])
    return f"{rule.name}({inputs}{'; ' if rule.params and inputs else ''}{', '.join(rule.params)})"


def _gradients(rule, longer):
    """A line for each input that has a gradient; puts the source of named functions in `longer`."""
    for name, node in zip(rule.inputs or ["each"], _vjps(rule), strict=False):
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) == "Every":
            node = node.args[0]
        for called in ast.walk(node):
            thing = rule.forward.__globals__.get(getattr(called, "id", ""))
            private = inspect.isfunction(thing) and thing.__name__.startswith("_")
            if private and thing.__name__.lstrip("_") not in bp.RULES:
                longer[thing.__name__] = textwrap.dedent(inspect.getsource(thing)).strip()
        body = node.body if isinstance(node, ast.Lambda) else node
        if not (isinstance(body, ast.Constant) and body.value is None):
            yield f"d{name} = `{ast.unparse(body)}`".replace("|", r"\|")


def _vjps(rule):
    """The VJPs as they stand in the decorator above a rule: nodes of its syntax tree."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(rule.forward)))
    decorators = getattr(tree.body[0], "decorator_list", [])
    call = next((d for d in decorators if isinstance(d, ast.Call)), None)
    if call is None:
        return []
    return call.args[1:] if ast.unparse(call.func) == "rule" else call.args
