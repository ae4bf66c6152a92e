"""Model files: a fitted model as JSON, with a version and a schema. Loading one runs no code.

The numbers are written so that they read back to the last bit. A checksum over the content tells a changed
digit; a file edited on purpose is read once its ``crc32`` line is taken out.

A model whose classes can be said by their fields is in the file; params with a chart are there by their
names.
Where a model has functions (a `jensen.LogJoint`), the file says what its params were made for — the name of
the class, and the names, spaces and shapes of the parameters — and who loads it gives the model.
"""

from __future__ import annotations

import json
import os
import warnings
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import numpy as np

from jensen.basics.arguments import require_kind, require_path, shown, texts
from jensen.basics.errors import DataError, one_line
from jensen.basics.plain import given
from jensen.basics.writing import write_file
from jensen.em.contract import Model, as_model
from jensen.em.result import Fit
from jensen.files.codec import KNOWN, TROUBLE, Codec, NeededError, Raw, UnsayableError, wrong
from jensen.files.registry import own_classes
from jensen.files.saved import Saved, Summary
from jensen.files.version_1 import FORMAT as FORMAT_1
from jensen.files.version_1 import of_version_1
from jensen.spaces.chart import Chart

FORMAT = "jensen.model"
VERSION = 2
GIVEN = "given"
DOCUMENT = {"format": str, "version": int, "model": Raw, "columns": list, "params": Raw, "summary": Summary}
COUNTS = ("num_free", "num_steps", "num_e_steps", "seed", "weight", "seconds")
STEPS = ("num_free", "num_steps", "num_e_steps")
MOST_STEPS = 2**63  # what a program may count to
ON_ONE_LINE = {"array", "tuple", "dict", "number"}
AT_BOUND = 1e-12  # what a parameter at the bound of its space may be beyond what its coordinates say


def save(
    fit: Fit | Saved | Any,
    path: str | os.PathLike[str] | Fit | Saved,
    columns: Sequence[str] | None = None,
) -> None:
    """Write a model file: under a temporary name, then moved into place.

    Parameters
    ----------
    fit
        A fit of any model, a fitted `jensen.GaussianMixture`, or a `jensen.files.Saved` made of a fit.
    path
        Where. Call `jensen.basics.writing.check_writable` on it before a long fit.
    columns
        Names of the columns, for a fit; by default those that it or the estimator has, else x1 … xd.

    Raises
    ------
    DataError
        If the path cannot be written, or the model could not be read back.

    Examples
    --------
    >>> import jensen, tempfile, pathlib
    >>> fit = jensen.fit(jensen.Mixture(1, jensen.Gaussian()), jensen.load_dataset("faithful").values)
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.json"
    >>> jensen.save(fit, path, ["eruptions", "waiting"])
    >>> jensen.load(path)
    Saved(1 × full in 2 columns, log_evidence=-1289.796745, verdict='converged')
    """
    if isinstance(fit, str | os.PathLike):
        warnings.warn("save(path, fit) is now save(fit, path)", DeprecationWarning, stacklevel=2)
        fit, path = cast("tuple[Fit | Saved, str]", (path, fit))
    if said := given(fit, ["result_"]):
        fit, columns = said["result_"], _names_of(fit) if columns is None else columns
    require_kind(fit, Fit | Saved, "fit", "a fit, a fitted GaussianMixture or a jensen.files.Saved")
    columns = None if columns is None else texts(columns, "columns")
    saved = fit if isinstance(fit, Saved) else Saved.from_fit(fit, columns)
    require_path(path)
    codec = Codec(own_classes())
    try:
        document = _document(saved, codec)
        own = saved.model if GIVEN in document["model"] else None
        _saved(json.loads(json.dumps(document, allow_nan=False)), codec, own)
    except (DataError, ValueError) as error:
        raise DataError(f"cannot save the model: {one_line(error)}") from None
    write_file(cast(str, path), _layout({**document, "crc32": _checksum(document)}) + "\n")


def load(path: str | os.PathLike[str], model: Any = None, *, known: Iterable[type] = ()) -> Saved:
    """Read a model file.

    Parameters
    ----------
    path
        Where.
    model
        The model that the params belong to, where the file cannot hold it (its functions, as those of a
        `jensen.LogJoint`), or in place of the one that it holds. It must be of the same class, with
        parameters of the same names, spaces and shapes; whether its functions are the same, only the
        log-evidence of the data can tell.
    known
        Classes of your own that the file may name, besides those of jensen: models, families, covariance
        structures, params.

    Raises
    ------
    DataError
        For a file that is missing, damaged, from a newer version, or not a model file; for one that needs
        ``model`` or ``known``, and for another model than it was made for. With what to do.

    Examples
    --------
    >>> import jensen, tempfile, pathlib
    >>> class Named(jensen.Full):
    ...     name = "named"
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.json"
    >>> fit = jensen.fit(jensen.Mixture(1, jensen.Gaussian(Named())), jensen.load_dataset("faithful").values)
    >>> jensen.save(fit, path)
    >>> jensen.load(path, known=[Named])
    Saved(1 × named in 2 columns, log_evidence=-1289.796745, verdict='converged')
    """
    require_path(path)
    document = _parse(_read(path), path)
    _check_format(document, path)
    codec = Codec(own_classes(), {KNOWN + cls.__name__: cls for cls in known})
    try:
        found = document.pop("crc32", None)
        if found is not None and found != _checksum(document):
            raise DataError(
                "its content does not match its checksum (if it was edited on purpose, delete the crc32 line)"
            )
        if document["version"] == 1:
            document = of_version_1(document)
        return _saved(document, codec, model)
    except NeededError as error:
        raise DataError(f"{path} {error}") from None
    except RecursionError:
        raise DataError(f"{path} is damaged: it is nested too deeply; fit and save the model again") from None
    except (DataError, ValueError) as error:
        raise DataError(f"{path} is damaged: {one_line(error):.200}; fit and save the model again") from None


# ---- the document ----------------------------------------------------------------------------------------


def _document(saved: Saved, codec: Codec) -> dict[str, Any]:
    """What a model file holds, its checksum apart."""
    model, summary = as_model(saved.model), saved.summary
    try:
        said = codec.write(saved.model)
    except UnsayableError:
        said = _of_given(model)
    verdict = {name: codec.write(value) for name, value in summary["verdict"].items()}
    return {
        "format": FORMAT,
        "version": VERSION,
        "model": said,
        "columns": list(saved.columns),
        "params": _said_params(codec, model.chart, saved.params),
        "summary": {n: verdict if n == "verdict" else codec.write(value) for n, value in summary.items()},
    }


def _of_given(model: Model) -> dict[str, Any]:
    """What is known of a model that the file cannot hold."""
    spaces = model.chart.spaces if isinstance(model.chart, Chart) else {}
    words = {name: f"{type(space).__name__} {tuple(space.shape)}" for name, space in spaces.items()}
    return {GIVEN: model.title, "parameters": words}


def _said_params(codec: Codec, chart: Any, params: Any) -> Any:
    """By the names of the chart, where there is one."""
    if not isinstance(chart, Chart):
        return codec.write(params)
    values = chart.split(params).items()
    return {"values": {n: codec.write(v if type(v) is float else np.asarray(v)) for n, v in values}}


def _saved(document: dict[str, Any], codec: Codec, given: Any) -> Saved:
    """Model, params, columns and summary, all checked; `DataError` names the field that is wrong."""
    found = codec.fields(document, DOCUMENT, "")
    model = _read_model(codec, found["model"], given)
    try:
        owner = as_model(model)
        chart = owner.chart if isinstance(owner.chart, Chart) else None
    except TROUBLE as error:
        raise DataError(f"model: {one_line(error)}") from None
    params = _read_params(codec, found["params"], chart)
    _check_params(owner, chart, params, given is not None)
    summary = found["summary"]
    if negative := [name for name in COUNTS if not (summary[name] or 0) >= 0]:
        raise DataError(f"summary.{negative[0]} is {shown(summary[negative[0]])}; it must be at least 0")
    if endless := [name for name in STEPS if (summary[name] or 0) > MOST_STEPS]:
        raise DataError(f"summary.{endless[0]} is more than {MOST_STEPS}")
    if summary["num_observations"] <= 0:  # of older files it is not known
        raise DataError(f"summary.num_observations is {summary['num_observations']}; it must be above 0")
    return Saved(model, params, _read_columns(found["columns"], owner, params), summary)


def _read_model(codec: Codec, said: Any, given: Any) -> Any:
    """The model of the file, or the one given, if it is the same but for what a file cannot say."""
    if isinstance(said, dict) and GIVEN in said:
        codec.fields(said, {GIVEN: str, "parameters": Raw}, "model")
        if given is None:
            title = f"{said[GIVEN]:.40}"
            raise NeededError(f"holds the params of a {title}, not its functions: give it, load(path, model)")
    elif given is None:
        return codec.read(said, Any, "model")
    else:
        said = _of_held(codec, said, given)
    wanted = _of_given(as_model(given))
    if said is not None and wanted != said:
        texts = (f"{each[GIVEN]} {each['parameters']}" for each in (said, wanted))
        theirs, ours = (text.replace("'", "").replace("{", "(").replace("}", ")") for text in texts)
        raise NeededError(f"holds the params of a {theirs:.90}, not of a {ours:.90}")
    return given


def _of_held(codec: Codec, said: Any, given: Any) -> dict[str, Any] | None:
    """What is known of the model in a file, as if it were not there.

    None where the one given has no chart to compare yet, and where that of the file cannot be read, which
    takes nothing from the one given.
    """
    codec = Codec(codec.own, dict(codec.known))
    with suppress(UnsayableError):
        codec.write(given)  # its classes are known now
    try:
        held = as_model(codec.read(said, Any, "model"))
        found = _of_given(held)
    except TROUBLE:
        return None
    is_prepared = isinstance(as_model(given).chart, Chart) or not isinstance(held.chart, Chart)
    return found if is_prepared else None


def _read_params(codec: Codec, said: Any, chart: Chart | None) -> Any:
    if said is None:
        raise DataError("params is null where an object is expected")
    if not isinstance(said, dict) or "values" not in said:
        return codec.read(said, Any, "params")
    if chart is None:
        raise NeededError(
            "holds params by name, and the model has none yet: give model.prepare(data, weight)"
        )
    said = codec.fields(said, {"values": Raw}, "params")["values"]
    hints: dict[str, Any] = dict.fromkeys(chart.spaces, float | np.ndarray)
    return chart.join(codec.fields(said, hints, "params"))


def _check_params(model: Model, chart: Chart | None, params: Any, given: bool) -> None:
    """Inside the spaces of the chart, or at their bounds; of the family where there is no chart yet."""
    try:
        if chart is not None:
            chart.check(params)
        elif model.components_of is not None:
            family, weights, components = model.components_of(params)
            if not (np.isfinite(weights).all() and family.contains(components)):
                raise DataError("params are not finite, or outside of what the family allows")
    except TROUBLE as error:
        if chart is None or not _is_at_bound(chart, params):
            raise (
                error if isinstance(error, ValueError) else DataError(f"params: {one_line(error)}")
            ) from None
    try:  # shapes inside the model that do not fit the params
        if chart is not None:
            chart.contains(params)
        if model.prior is not None and not given:
            model.prior.log_density(model, params)
    except TROUBLE as error:
        raise DataError(f"model does not fit its params: {one_line(error)}") from None


def _is_at_bound(chart: Chart, params: Any) -> bool:
    """Whether params are what their coordinates say: inside, or on an edge that a space itself leaves out."""
    try:
        with np.errstate(all="ignore"):
            nearest = chart.from_vector(chart.to_vector(params))
        values, near = chart.natural(params), chart.natural(nearest)
    except TROUBLE:
        return False
    pairs = [(value, near[name]) for name, value in values.items()]
    return all(a.shape == b.shape and np.allclose(a, b, atol=AT_BOUND) for a, b in pairs)


def _names_of(estimator: Any) -> Sequence[str] | None:
    """Of the columns that an estimator fitted: where some are constant, these are not all."""
    names, fit = given(estimator, ["feature_names_in_"]).get("feature_names_in_"), estimator.result_
    if names is None or len(names) != _num_columns(as_model(fit.model), fit.params):
        return None
    return list(map(str, names))


def _num_columns(model: Model, params: Any) -> int | None:
    return None if model.components_of is None else model.components_of(params).family.num_columns


def _read_columns(names: list[Any], model: Model, params: Any) -> tuple[str, ...]:
    for i, name in enumerate(names):
        if not isinstance(name, str):
            raise wrong(name, f"columns[{i}]", "text")
    if len(set(names)) < len(names):
        raise DataError("columns has the same name twice")
    d = _num_columns(model, params)
    if d is not None and len(names) != d:
        raise DataError(f"columns has {len(names)} names where the model has {d} columns")
    return tuple(names)


def _checksum(document: Mapping[str, Any]) -> str:
    """CRC-32 of the content, whatever its layout."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return f"{zlib.crc32(canonical.encode('ascii')):08x}"


def _layout(value: Any, indent: str = "") -> str:
    """JSON with one field a line; each list, and each object that has one, on one line."""
    if not isinstance(value, dict) or not value or set(value) & ON_ONE_LINE or list(value) == ["class"]:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    inner = indent + "  "
    lines = [f"{inner}{json.dumps(name)}: {_layout(item, inner)}" for name, item in value.items()]
    return "{\n" + ",\n".join(lines) + "\n" + indent + "}"


# ---- the file --------------------------------------------------------------------------------------------


def _read(path: str | os.PathLike[str]) -> str:
    """The text of a file that looks like JSON; anything else is not read further than its first bytes."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(64).removeprefix(b"\xef\xbb\xbf")
            if head.lstrip()[:1] != b"{":
                raise _not_ours(path, "it is empty" if not head.strip() else "it is not JSON")
            return (head + file.read()).decode("utf-8")
    except UnicodeDecodeError:
        raise _not_ours(path, "it is not text") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a directory, not a model file") from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {(error.strerror or one_line(error)).lower()}") from None
    except ValueError as error:  # no name of a file, as with a NUL in it
        raise DataError(f"cannot read {str(path)!r}: {one_line(error)}") from None


def _parse(text: str, path: str | os.PathLike[str]) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise DataError(f"it holds {constant}, which is not JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise DataError(
            f"{path} is damaged or cut off: {error.msg} at {place}; fit and save the model again"
        ) from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged: {one_line(error)}; fit and save the model again") from None


def _check_format(document: dict[str, Any], path: str | os.PathLike[str]) -> None:
    found, version = document.get("format"), document.get("version")
    newest = {FORMAT: VERSION, FORMAT_1: 1}.get(found) if isinstance(found, str) else None
    if newest is None:
        raise _not_ours(path, f"its format is {found!r:.40} where {FORMAT!r} is expected")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise DataError(
            f"{path} is damaged: {version!r:.20} is not a version of {found}; save the model again"
        )
    if version > newest:
        raise DataError(
            f"{path} was written by a newer jensen (version {version!r:.20} of {found}; this one reads "
            f"version {newest}): upgrade jensen"
        )


def _not_ours(path: str | os.PathLike[str], why: str) -> DataError:
    return DataError(f"{path} is not a jensen model file: {why}; `jensen fit DATA --out MODEL` writes one")
