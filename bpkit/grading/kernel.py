"""Cells that plain Python can't run, run by IPython: `%magics`, shell lines, `get_ipython()`.

One shell is made in a warm process of its own; each student gets a copy of it by the fork, inside
the same walls. What a shell line would start is refused there as everything else is.
"""

import types


def shell():
    """An IPython shell without history, colors, or anything written to disk."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    made = InteractiveShell(config=config, user_module=types.ModuleType("__main__"))
    made.showtraceback = made.showsyntaxerror = made.enable_gui = lambda *args, **named: None
    return made


def run(shell, source, file):
    """Run a cell whose lines are known by this file's name; raises what it raises."""
    shell.compile.get_code_name = lambda *args: file
    result = shell.run_cell(source, silent=True)
    result.raise_error()
