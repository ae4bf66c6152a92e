"""``jensen fit``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from jensen.basics.progress import Progress
from jensen.basics.writing import write_file
from jensen.cli import arguments, output, tables
from jensen.cli.errors import CommandError, Ending
from jensen.cli.forms import predicted
from jensen.cli.hints import remarks
from jensen.cli.inputs import Source, read_source, refuse_constant
from jensen.files.saved import Saved
from jensen.files.store import save
from jensen.report.documents import selection_document
from jensen.report.sweeps import selection_report
from jensen.selection.selection import Selection
from jensen.selection.sweep import select

CLOSE = 2  # to the end of an open range: then it is made longer


@dataclass(frozen=True, slots=True)
class FitOptions:
    """What was typed."""

    data: str
    components: str
    covariance: str
    columns: list[str] | None
    exclude: list[str] | None
    weights: str | None
    missing: str
    decimal: str | None
    criterion: str
    starts: str
    seed: int
    out: Path | None
    labels: Path | None
    plot: Path | None
    json: bool
    quiet: bool


def fit(options: FitOptions) -> Ending:
    """Everything that can be wrong is found out first; then the sweep; then what was asked for."""
    components = arguments.parse_components(options.components)
    structures = arguments.parse_covariances(options.covariance)
    criterion = arguments.parse_criterion(options.criterion)
    restarts = arguments.parse_starts(options.starts)
    asked = arguments.parse_asked(
        options.columns, options.exclude, options.weights, options.missing, options.decimal
    )
    seed = arguments.check_seed(options.seed)
    arguments.check_plot(options.plot)
    arguments.check_outputs(options.data, out=options.out, labels=options.labels, plot=options.plot)
    source = read_source(options.data, asked)
    refuse_constant(source)
    for remark in () if options.quiet else remarks(source):
        output.note(f"{source.name}: {remark}")

    def search(components: list[int]) -> Selection:
        with Progress("sweep", enabled=False if options.quiet else None) as progress:
            return select(
                source.rows.values,
                components,
                structures,
                weight=source.weight,
                criterion=criterion,
                restarts=restarts,
                rng=seed,
                progress=progress,
            )

    selection = marked(search(components))
    if arguments.is_open(options.components):
        components, selection = _far_enough(components, selection, lambda ks: marked(search(ks)))
    _write(options, source, selection)
    _point_on(options, components, selection)
    return Ending.BEST_SO_FAR if selection.interrupted else Ending.DONE


def _far_enough(
    components: list[int], selection: Selection, search: Callable[[list[int]], Selection]
) -> tuple[list[int], Selection]:
    """More components for as long as the best number is one of the last `CLOSE`."""
    while not selection.interrupted and selection.chosen.num_components > components[-1] - CLOSE:
        more = min(components[-1] + arguments.OPEN_BY, arguments.MAX_MODELS)
        if more == components[-1]:
            break
        components = [*components, *range(components[-1] + 1, more + 1)]
        selection = search(components)
    return components, selection


def _point_on(options: FitOptions, components: list[int], selection: Selection) -> None:
    """Where the best is at an end of the range, it may be beyond."""
    first, last = components[0], components[-1]
    if options.quiet or selection.interrupted or len(components) == 1:
        return
    if selection.chosen.num_components == last:
        output.note(f"k = {last} is the largest that was tried; '-k {first}:' goes on while that is best")
    elif selection.chosen.num_components == first > 1:
        output.note(f"k = {first} is the smallest that was tried; fewer may be better: -k 1:{last}")


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
    if options.labels is not None:
        model = Saved.from_fit(selection.best, source.rows.columns)
        tables.write_csv(*predicted(model, source, is_proba=False), options.labels)
    if options.plot is not None:
        _plot(options.plot, source, selection)
    columns = source.rows.columns
    if options.json:
        output.write_json({"data": _about(source), **selection_document(selection, columns)})
    elif not options.quiet:
        output.show(
            lambda width: selection_report(selection, columns, width, source.name, len(source.rows.values))
        )
    written = output.listed([("saved", options.out), ("wrote", options.labels), ("drew", options.plot)])
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
