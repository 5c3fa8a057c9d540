"""The tasks themselves: a folder for each chapter, in it a file for each task or close pair.

`bpkit.tasks.spec.load` finds every file here. The numbers in their names are the reading order, and
what several tasks of a chapter need stands in its `shared.py`.
"""
