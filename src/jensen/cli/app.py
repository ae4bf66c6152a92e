"""The commands and their options (typer). What they do is in the modules beside this one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import jensen
from jensen.basics.errors import JensenError
from jensen.cli import commands, output
from jensen.cli.errors import CommandError, Ending

CLOSED_PIPE = 141
INTERRUPTED = 130

app = typer.Typer(
    name="jensen",
    help="Fit Gaussian mixtures by EM, choose among them, and say how sure that is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A CSV, TSV, Parquet, Arrow, Excel or NPY file, - for standard input, or a built-in data set.",
    ),
]
Model = Annotated[Path, typer.Argument(metavar="MODEL", help="A model file that `jensen fit --out` wrote.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Write to this file, not to standard output.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same answer.")]
Weights = Annotated[str | None, typer.Option(metavar="COLUMN", help="A column that weighs the rows.")]
Missing = Annotated[
    str,
    typer.Option(metavar="drop|error", help="What is done with rows that have missing cells."),
]
Decimal = Annotated[
    str | None, typer.Option(metavar="MARK", help="The decimal mark of a text file, . or ,; found out.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"jensen {jensen.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="The version, and exit."),
    ] = False,
) -> None:
    """Fit Gaussian mixtures by EM, choose among them, and say how sure that is."""


@app.command()
def fit(
    data: Data,
    components: Annotated[
        str,
        typer.Option("-k", "--components", metavar="K", help="Numbers of components: 3, 1:9, 1,2,4 or 2:."),
    ] = "1:9",
    covariance: Annotated[
        str,
        typer.Option(
            metavar="NAMES", help="full, tied, diag, eei, spherical, eii, mclust's names; usual or all."
        ),
    ] = "usual",
    columns: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help="The columns to use: a comma list, x*."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="NAMES", help="Columns not to use, in the same ways.")
    ] = None,
    weights: Weights = None,
    missing: Missing = "error",
    decimal: Decimal = None,
    criterion: Annotated[
        str, typer.Option(metavar="NAME", help="What chooses: bic, icl or aic; smaller is better.")
    ] = "bic",
    starts: Annotated[
        str, typer.Option(metavar="N", help="Starts of each fit; auto goes on until it has settled.")
    ] = "auto",
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Save the chosen model (JSON).")] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Write the component of each row, as predict does (CSV).")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw data, components, criterion and starts: .png, .pdf, .svg.")
    ] = None,
    json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> Ending:
    """Fit mixtures over numbers of components and covariance structures, and choose one."""
    return commands.fitting.fit(
        commands.fitting.FitOptions(
            data=data,
            components=components,
            covariance=covariance,
            columns=columns,
            exclude=exclude,
            weights=weights,
            missing=missing,
            decimal=decimal,
            criterion=criterion,
            starts=starts,
            seed=seed,
            out=out,
            labels=labels,
            plot=plot,
            json=json,
            quiet=quiet,
        )
    )


@app.command()
def predict(
    model: Model,
    data: Data,
    proba: Annotated[
        bool, typer.Option("--proba", help="Also the probability of each component, and the uncertainty.")
    ] = False,
    append: Annotated[
        bool, typer.Option("--append", help="Behind the columns of DATA, written as they are there.")
    ] = False,
    missing: Missing = "error",
    decimal: Decimal = None,
    out: Out = None,
) -> Ending:
    """The component of each row (counted from 0), as CSV."""
    return commands.predicting.predict(
        commands.predicting.PredictOptions(model, data, proba, append, missing, decimal, out)
    )


@app.command()
def score(
    model: Model,
    data: Data,
    weights: Weights = None,
    missing: Missing = "error",
    decimal: Decimal = None,
    rows: Annotated[bool, typer.Option("--rows", help="The log-density of each row, as CSV.")] = False,
    json: Json = False,
    out: Out = None,
) -> Ending:
    """The log-likelihood of data under a model: total and mean."""
    return commands.using.score(
        commands.using.ScoreOptions(model, data, weights, missing, decimal, rows, json, out)
    )


@app.command()
def sample(
    model: Model,
    n: Annotated[int, typer.Option("-n", "--rows", metavar="N", help="How many rows.")] = 1,
    seed: Seed = 0,
    labels: Annotated[bool, typer.Option("--labels", help="Also the component of each row.")] = False,
    out: Out = None,
) -> Ending:
    """Draw rows from a model, as CSV."""
    return commands.using.sample(model, n, seed, labels, out)


@app.command()
def show(
    models: Annotated[list[Path], typer.Argument(metavar="MODEL...", help="One model file, or several.")],
    json: Json = False,
) -> Ending:
    """Show a saved model, or several side by side."""
    return commands.using.show(models, json)


@app.command()
def datasets(json: Json = False) -> Ending:
    """List the built-in data sets."""
    return commands.using.datasets(json)


@app.command()
def gradients(
    expression: Annotated[
        str, typer.Argument(metavar="EXPRESSION", help='What the expectation is of, such as "x**2".')
    ],
    distribution: Annotated[
        str,
        typer.Option(
            "--distribution",
            "-d",
            metavar="DISTRIBUTION",
            help='Of x, such as "normal(mu, 1)"; of several: "z ~ bernoulli(p); x ~ normal(mu + z, 1)".',
        ),
    ],
    at: Annotated[
        list[str], typer.Option(metavar="NAME=VALUE", help="A parameter; once for each, or a comma list.")
    ],
    num_replicates: Annotated[
        int, typer.Option("-n", "--replicates", metavar="N", help="Independent repetitions of each estimate.")
    ] = 10_000,
    estimators: Annotated[
        str,
        typer.Option(
            metavar="NAMES", help="A comma list such as score,path,exact; or usual: those that there are."
        ),
    ] = "usual",
    seed: Seed = 0,
    plot: Annotated[
        Path | None, typer.Option(help="Draw how the estimates are spread: .png, .pdf, .svg.")
    ] = None,
    json: Json = False,
) -> Ending:
    """Estimators of the gradient of E f(x) side by side: bias, variance, cost."""
    return commands.gradients.gradients(
        commands.gradients.GradientOptions(
            expression, distribution, at, num_replicates, estimators, seed, plot, json
        )
    )


def run(args: Sequence[str] | None = None) -> int:
    """Run a command; whatever goes wrong is one line and an exit code."""
    output.forgive_streams()
    try:
        code = app(
            args=sys.argv[1:] if args is None else list(args), prog_name="jensen", standalone_mode=False
        )
        sys.stdout.flush()
        stopped = code == INTERRUPTED and not isinstance(code, Ending)  # typer's own end on Ctrl-C
        return _interrupted() if stopped else int(code or 0)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except (BrokenPipeError, SystemExit):  # SystemExit is how typer ends when the pipe has closed
        return _closed_pipe()
    except MemoryError:
        return output.fail("not enough memory for this")
    except (CommandError, OSError) as error:
        return output.fail(error)
    except Exception as error:
        return _fail_if_known(error)


def _fail_if_known(error: Exception) -> int:
    """Errors of the parser and of the doors are messages; anything else is a bug and is raised."""
    message: Any = getattr(error, "format_message", None)
    if message is not None:
        # Typed alone, the command shows its help, and nothing is left to say.
        return output.fail(message()) if message() else 2
    if isinstance(error, JensenError):
        return output.fail(error)
    raise error


def _interrupted() -> int:
    output.note("interrupted before there was anything to keep")
    return INTERRUPTED


def _closed_pipe() -> int:
    output.silence_closed_pipe()
    return CLOSED_PIPE
