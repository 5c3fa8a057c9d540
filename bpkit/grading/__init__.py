"""Grading a class: the answers stay in one process, the students' code runs in another.

The two speak over a narrow line, which carries numbers, arrays and plain containers and nothing
that can be executed. Around the students' process stand the walls that the system offers.

To read it through: wire, what goes over the line; confine and worker, the students' side; tiers,
which walls there are; sandbox and remote, the grader's side; judge, a verdict; kernel, for
notebooks that need IPython; doctor, what a system offers, in words.
"""
