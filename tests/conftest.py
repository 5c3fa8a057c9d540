"""What all tests share: the names that docstring examples may use, and what a skip means.

A test that needs a missing extra is skipped and listed at the end. Where `CI` or `BPKIT_NO_SKIPS`
is set, a skip is a failure: there, everything is installed.
"""

import os

import numpy as np
import pytest

import bpkit as bp
from bpkit.book.execute import SETTINGS


class Everywhere:
    """A plugin, so that it reaches doctests and notebooks too; a conftest sees its own folder."""

    @pytest.fixture(autouse=True)
    def _names_of_examples(self, doctest_namespace):
        doctest_namespace.update(bp=bp, np=np, Tensor=bp.Tensor)

    def pytest_collectstart(self, collector):
        # A picture's bytes depend on the processor; a notebook is compared by its alt text.
        if hasattr(collector, "sanitize_patterns"):
            collector.sanitize_patterns[r"base64,[^\"]+"] = "base64,"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        return refuse_skip((yield), item.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector):
        return refuse_skip((yield), collector.nodeid)


def refuse_skip(report, name):
    """Turn a skipped report into a failed one, where skips are refused; xfail is no skip."""
    refused = os.environ.get("CI") or os.environ.get("BPKIT_NO_SKIPS")
    if refused and report.skipped and not hasattr(report, "wasxfail"):
        _, _, reason = report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{name}: a skip is a failure here. {reason}"
    return report


def pytest_configure(config):
    os.environ.update(
        SETTINGS
    )  # for the kernels, which then run as they did when outputs were stored
    config.pluginmanager.register(Everywhere())
