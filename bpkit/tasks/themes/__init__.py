"""The tasks themselves, one file for each theme; `bpkit.tasks.catalog` reads every file here."""
