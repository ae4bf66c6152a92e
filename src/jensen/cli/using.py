"""What is done with saved models: score, sample, show; and the list of data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jensen.basics.numbers import count
from jensen.basics.tables import default_columns
from jensen.cli import arguments, output, tables
from jensen.cli.errors import CommandError, Ending
from jensen.cli.forms import posterior, prepared
from jensen.data.datasets import list_datasets
from jensen.em.contract import as_model
from jensen.files.store import load
from jensen.report.documents import saved_document
from jensen.report.models import comparison, dataset_table, model_report

MAX_SAMPLE = 10**9


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """What was typed."""

    model: Path
    data: str
    weights: str | None
    missing: str
    decimal: str | None
    rows: bool
    json: bool
    out: Path | None


def score(options: ScoreOptions) -> Ending:
    """Total and mean log-likelihood, or the log-density of each row."""
    asked = arguments.parse_asked(weights=options.weights, missing=options.missing, decimal=options.decimal)
    arguments.check_outputs(options.data, options.model, out=options.out)
    saved, source = prepared(options.model, options.data, asked)
    each = posterior(saved, source).log_evidence
    if options.rows:
        tables.write_csv(["log_density"], [source.spread(each)], options.out)
        return Ending.DONE
    if options.out is not None:
        raise CommandError("score --out: only the rows go to a file; add --rows")
    w = np.ones(len(each)) if source.weight is None else source.weight
    total, weight = float(w @ each), float(w.sum())
    if options.json:
        output.write_json(
            {"log_likelihood": total, "mean": total / weight, "rows": len(each), "weight": weight}
        )
    else:
        of = count(len(each), "row") + ("" if source.weight is None else f" of weight {weight:,.6g}")
        print(f"log-likelihood {total:.6f}, mean {total / weight:.6f} over {of}")
    return Ending.DONE


def sample(path: Path, n: int, seed: int, labels: bool, out: Path | None) -> Ending:
    """Rows drawn from a model, as CSV."""
    if not 1 <= n <= MAX_SAMPLE:
        raise CommandError(f"-n {n}: give a number of rows from 1 to {MAX_SAMPLE}")
    rng = np.random.default_rng(arguments.check_seed(seed))
    arguments.check_outputs("-", path, out=out)
    saved = load(path)
    draw = as_model(saved.model).sample
    if draw is None:
        raise CommandError(f"sample: the model in {path} does not know how to draw rows")
    drawn = draw(saved.params, n, rng)
    rows, components = drawn if isinstance(drawn, tuple) else (drawn, None)
    if isinstance(rows, Mapping):
        header, columns = list(map(str, rows)), list(rows.values())
    else:
        columns = list(np.asarray(rows).reshape(n, -1).T)
        header = list(saved.columns or default_columns(len(columns)))
    if labels:
        if components is None:
            raise CommandError(f"sample --labels: rows of the model in {path} have no component")
        header, columns = [*header, "component"], [*columns, components]
    tables.write_csv(header, columns, out)
    return Ending.DONE


def show(paths: Sequence[Path], json: bool) -> Ending:
    """One model, or several side by side."""
    saved = [load(path) for path in paths]
    if json:
        output.write_json({"models": [saved_document(str(p), s) for p, s in zip(paths, saved, strict=True)]})
        return Ending.DONE

    if len(saved) == 1:
        output.show(lambda width: model_report(saved[0], width))
    else:
        output.show(lambda width: comparison([str(path) for path in paths], saved, width))
    return Ending.DONE


def datasets(json: bool) -> Ending:
    """The built-in data sets."""
    table = list_datasets()
    if json:
        output.write_json({"datasets": table.rows()})
        return Ending.DONE

    output.show(lambda width: dataset_table(table))
    return Ending.DONE
