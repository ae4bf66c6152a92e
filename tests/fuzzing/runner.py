"""Cases by number, in processes of their own: one that dies is a case too."""

from __future__ import annotations

import contextlib
import importlib
import json
import multiprocessing
import os
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fuzzing import outcomes

TARGETS = ("model_files", "data_files", "arrays", "expressions", "command_lines", "log_joints")
CHUNK = 100  # cases of one process: its memory goes with it


@dataclass
class Found:
    """Of one target: how often each word was said, and every fault with its number."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str, str]] = field(default_factory=list)


def once(target: str, number: int) -> tuple[str, str]:
    """The case of a number: its word, and what was said. Files go into the folder one is in."""
    case = importlib.import_module(f"fuzzing.{target}").case
    return outcomes.of(lambda: case(random.Random(f"{target} {number}")))


def fuzz(target: str, first: int, seconds: float, most: int = 10**9) -> Found:
    """Cases from a number on, for so long or so many."""
    found, number, ends = Found(), first, time.monotonic() + seconds
    context = multiprocessing.get_context("spawn")
    while time.monotonic() < ends and number < first + most:
        count = min(CHUNK, first + most - number)
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.jsonl"
            process = context.Process(target=_chunk, args=(target, number, count, ends, folder, str(report)))
            process.start()
            process.join()
            rows = [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []
        for row in rows:
            _count(found, *row)
        number += max(len(rows), 1)
        if process.exitcode:
            _count(found, number - (not rows), outcomes.DIED, f"exit code {process.exitcode}")
            number += bool(rows)
    return found


def _count(found: Found, number: int, word: str, said: str) -> None:
    found.counts[word] += 1
    if word in outcomes.FAULTS:
        found.faults.append((number, word, said))


def _chunk(target: str, first: int, count: int, ends: float, folder: str, report: str) -> None:
    os.chdir(folder)
    errors = os.open("stderr", os.O_CREAT | os.O_WRONLY)
    os.dup2(errors, 2)  # what others print is no answer
    with Path(report).open("w", buffering=1) as file:
        for number in range(first, first + count):
            if time.monotonic() > ends:
                break
            word, said = once(target, number)
            file.write(json.dumps([number, word, said[:500]]) + "\n")


def replay(target: str, number: int) -> tuple[str, str]:
    """One case in a folder of its own, with the whole traceback where it fails."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        word, said = once(target, number)
        if word in outcomes.FAULTS:
            importlib.import_module(f"fuzzing.{target}").case(random.Random(f"{target} {number}"))
        return word, said
