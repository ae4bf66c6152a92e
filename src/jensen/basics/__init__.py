"""The ground that everybody stands on: tables, progress, errors, verdicts, numbers, writing, threads."""
