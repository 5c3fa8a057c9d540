"""Predict: a question that is asked before an experiment, and remembered beside its outcome."""

import math

import traitlets

from bpkit import figures
from bpkit.figures import number
from bpkit.widgets.base import Widget, refuse
from bpkit.widgets.cards import bare

CLOSE = 0.01  # a number is right within 1 %


class Predict(Widget, js="predict"):
    """Ask for a prediction, then show it beside what happens, and why. Any chapter.

    choices: texts to choose from, and answer the place of the right one; or no choices, and answer
    a number, which is met within 1 %. why: a sentence or two on the outcome. `before(widget)`
    shows another widget once the reader has said something.

    >>> from bpkit import widgets
    >>> asked = widgets.Predict("How many gradients reach $a$?", ["one", "two"], 1, "It forks.")
    >>> asked
    Predict: How many gradients reach a? one, or two?
    >>> asked.given = 0
    >>> print(asked.text())
    Predict: How many gradients reach a? one, or two?
    You said: one. It is: two. It forks.
    """

    question = traitlets.Unicode().tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    answer = traitlets.Float().tag(sync=True)
    why = traitlets.Unicode().tag(sync=True)
    given = traitlets.Float(None, allow_none=True).tag(sync=True)
    display = traitlets.Unicode("none").tag(sync=True)  # of the widget that waits behind this one

    def __init__(self, question, choices=None, answer=0, why="", **more):
        choices = list(choices or [])
        if choices and answer not in range(len(choices)):
            refuse(self, "answer", answer, f"the place of one of the {len(choices)} choices")
        more = {"ask": "Predict before you look.", **more}
        super().__init__(question=question, choices=choices, answer=answer, why=why, **more)

    @traitlets.validate("given", "answer")
    def _check_number(self, proposal):
        value, count = proposal.value, len(self.choices)
        if value is not None and not math.isfinite(value):
            refuse(self, proposal.trait.name, value, "a finite number")
        if (
            value is not None
            and count
            and proposal.trait.name == "given"
            and value not in range(count)
        ):
            refuse(self, "given", value, f"the place of one of the {count} choices")
        return value

    @property
    def right(self):
        """Whether the prediction is right; None before there is one."""
        if self.given is None:
            return None
        close = 0 if self.choices else CLOSE * abs(self.answer) + 1e-12
        return abs(self.given - self.answer) <= close

    def before(self, widget):
        """This question, and below it the widget, which appears when a prediction was made."""
        import ipywidgets

        widget.layout.display = "none"
        # The browser makes the link, so that it holds on a page without a kernel too.
        box = ipywidgets.VBox([self, widget])
        box.link = ipywidgets.jslink((self, "display"), (widget.layout, "display"))
        return box

    def _said(self, value):
        return bare(self.choices[int(value)]) if self.choices else number(value)

    def text(self):
        offered = f" {', or '.join(map(bare, self.choices))}?" if self.choices else ""
        lines = [f"Predict: {bare(self.question)}{offered}"]
        if self.given is not None:
            lines.append(
                f"You said: {self._said(self.given)}. It is: {self._said(self.answer)}. "
                f"{bare(self.why)}".strip()
            )
        return "\n".join(lines)

    def still(self):
        fig, ax = figures.canvas(height=0.6 + 0.3 * len(self.choices))
        ax.axis("off")
        lines = [bare(self.question), *(f"○  {bare(choice)}" for choice in self.choices)]
        for n, line in enumerate(lines):
            ax.text(0, -n, line, va="top", weight="normal" if n else "bold", wrap=True)
        ax.set(xlim=(0, 1), ylim=(-len(lines), 0))
        return fig
