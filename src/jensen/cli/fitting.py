"""``jensen fit``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from jensen.basics.progress import Progress
from jensen.basics.writing import write_file
from jensen.cli import arguments, output
from jensen.cli.errors import CommandError, Ending
from jensen.cli.inputs import Source, read_source, refuse_constant, remarks
from jensen.files.saved import Saved
from jensen.files.store import save
from jensen.report.documents import selection_document
from jensen.report.tables import selection_report
from jensen.selection.selection import Selection
from jensen.selection.sweep import select


@dataclass(frozen=True, slots=True)
class FitOptions:
    """What was typed."""

    data: str
    components: str
    covariance: str
    columns: str | None
    weights: str | None
    criterion: str
    starts: str
    seed: int
    out: Path | None
    plot: Path | None
    json: bool
    quiet: bool


def fit(options: FitOptions) -> Ending:
    """Everything that can be wrong is found out first; then the sweep; then what was asked for."""
    components = arguments.parse_components(options.components)
    structures = arguments.parse_covariances(options.covariance)
    criterion = arguments.parse_criterion(options.criterion)
    restarts = arguments.parse_starts(options.starts)
    columns = arguments.parse_columns(options.columns)
    seed = arguments.check_seed(options.seed)
    arguments.check_plot(options.plot)
    arguments.check_outputs(options.data, out=options.out, plot=options.plot)
    source = read_source(options.data, columns, options.weights)
    refuse_constant(source)
    for remark in () if options.quiet else remarks(source):
        output.note(f"{source.name}: {remark}")

    with Progress("sweep", enabled=False if options.quiet else None) as progress:
        selection = select(
            source.rows.values,
            components,
            structures,
            weight=source.weight,
            criterion=criterion,
            restarts=restarts,
            rng=seed,
            progress=progress,
        )
    selection = marked(selection)
    _write(options, source, selection)
    return Ending.BEST_SO_FAR if selection.interrupted else Ending.DONE


def marked(selection: Selection) -> Selection:
    """The selection with the best fit marked where the sweep was interrupted; a CommandError where there is
    none.
    """
    try:
        chosen, best = selection.chosen, selection.best
    except ValueError as error:
        raise CommandError(error) from None
    if not selection.interrupted or best.verdict.message:
        return selection
    verdict = replace(best.verdict, message="of a sweep that was interrupted")
    found = replace(best, verdict=verdict)
    cells = tuple(replace(cell, fit=found) if cell is chosen else cell for cell in selection.cells)
    return replace(selection, cells=cells)


def _write(options: FitOptions, source: Source, selection: Selection) -> None:
    if options.out is not None:
        _save(options, options.out, source, selection)
    if options.plot is not None:
        _plot(options.plot, source, selection)
    columns = source.rows.columns
    if options.json:
        output.write_json({"data": _about(source), **selection_document(selection, columns)})
    elif not options.quiet:
        output.show(lambda width: selection_report(selection, columns, width, source.name))
    written = output.listed([("saved", options.out), ("drew", options.plot)])
    if written and not options.quiet:
        output.note(written)


def _about(source: Source) -> dict[str, object]:
    n = len(source.rows.values)
    total = float(n if source.weight is None else source.weight.sum())
    return {"name": source.name, "rows": n, "weight": total, "columns": list(source.rows.columns)}


def _save(options: FitOptions, path: Path, source: Source, selection: Selection) -> None:
    rows = source.rows
    best, dtype = selection.best, rows.values.dtype
    save(Saved.from_fit(best, rows.columns, seed=options.seed, dtype=dtype, data=source.name), path)


def _plot(path: Path, source: Source, selection: Selection) -> None:
    from jensen.report.plots import figure_bytes, plot_fit

    figure = plot_fit(
        selection.best,
        source.rows.values,
        columns=source.rows.columns,
        selection=selection,
        weight=source.weight,
        name=source.name,
    )
    write_file(path, figure_bytes(figure, path.suffix))
