"""What is done with saved models: predict, score, sample, show; and the list of data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from jensen.basics.tables import default_columns
from jensen.cli import arguments, output
from jensen.cli.errors import CommandError, Ending
from jensen.cli.forms import columns_of, posterior
from jensen.cli.inputs import Source, read_for_model, read_source
from jensen.data.datasets import list_datasets
from jensen.em.contract import as_model
from jensen.em.posteriors import labels_of
from jensen.files.saved import Saved
from jensen.files.store import load
from jensen.report.documents import saved_document
from jensen.report.models import comparison, dataset_table, model_report

MAX_SAMPLE = 10**9


def predict(path: Path, data: str, proba: bool, out: Path | None) -> Ending:
    """Labels, or probabilities and uncertainty, as CSV."""
    saved, source = _prepare(path, data, None, out)
    r = labels_of(posterior(saved, source))
    if r is None:
        raise CommandError(f"predict: {path} holds no mixture, so that rows have no component to be in")
    header, columns = ["component"], [r.argmax(axis=1)]
    if proba:
        header += [f"p{i}" for i in range(r.shape[1])] + ["uncertainty"]
        columns += [*r.T, _uncertainty(r)]
    output.write_csv(header, columns, out)
    return Ending.DONE


def _uncertainty(r: np.ndarray) -> np.ndarray:
    """1 − max_k r_nk, summed over the others: exact where it is tiny."""
    others = r.copy()
    others[np.arange(len(r)), r.argmax(axis=1)] = 0.0
    return others.sum(axis=1)


def score(path: Path, data: str, weights: str | None, rows: bool, json: bool, out: Path | None) -> Ending:
    """Total and mean log-likelihood, or the log-density of each row."""
    saved, source = _prepare(path, data, weights, out)
    each = posterior(saved, source).log_evidence
    if rows:
        output.write_csv(["log_density"], [each], out)
        return Ending.DONE
    if out is not None:
        raise CommandError("score --out: only the rows go to a file; add --rows")
    w = np.ones(len(each)) if source.weight is None else source.weight
    total, weight = float(w @ each), float(w.sum())
    if json:
        output.write_json(
            {"log_likelihood": total, "mean": total / weight, "rows": len(each), "weight": weight}
        )
    else:
        of = f"{len(each)} rows" + ("" if source.weight is None else f" of weight {weight:g}")
        print(f"log-likelihood {total:.6f}, mean {total / weight:.6f} over {of}")
    return Ending.DONE


def sample(path: Path, n: int, seed: int, labels: bool, out: Path | None) -> Ending:
    """Rows drawn from a model, as CSV."""
    if not 1 <= n <= MAX_SAMPLE:
        raise CommandError(f"-n {n}: give a number of rows from 1 to {MAX_SAMPLE}")
    rng = np.random.default_rng(arguments.check_seed(seed))
    arguments.check_outputs(str(path), out=out)
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
    output.write_csv(header, columns, out)
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


def _prepare(path: Path, data: str, weights: str | None, out: Path | None) -> tuple[Saved, Source]:
    """The model, and the data in the columns it was fitted to."""
    arguments.check_outputs(data, out=out)
    saved = load(path)
    columns = columns_of(saved)
    return saved, read_for_model(data, columns, weights) if columns else read_source(data, None, weights)
