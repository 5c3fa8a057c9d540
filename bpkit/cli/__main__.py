"""Lets `python -m bpkit.cli` stand for `bpkit`, where the command is not on the path."""

import sys

from . import main

sys.exit(main())
