"""Grading a class: the answers stay in one process, the students' code runs in another.

The two speak over a narrow line, which carries numbers, arrays and plain containers and nothing
that can be executed. Around the students' process stand the walls that the system offers.

To read it through. The sandbox: wire, what goes over the line; tiers, which walls there are; calls
and confine, how they are built; session, kernel and worker, the students' side; start, remote,
student and sandbox, the grader's side; judge, a verdict; doctor, what a system offers, in words;
fuzz, noise for the line. What is made of it: submissions, notebook, statements, needs, what was
handed in; catalog, points, grader, warm, cluster, run, the grading; results, disk, secret, names,
overrides, what is kept; page, pages, class_report, tables, outputs, terminal, gradescope,
gradebook, what is told.
"""
