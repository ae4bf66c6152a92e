"""``jensen predict``, ``score``, ``sample``, ``show``, ``datasets``: what is done with saved models."""

import csv
import io
import json

import numpy as np
import pytest

import jensen
from jensen.cli import main
from jensen.files import load


@pytest.fixture(scope="module")
def faithful():
    return jensen.load_dataset("faithful").values


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "two.json"
    assert main(["fit", "faithful", "-k", "2", "--covariance", "full", "-q", "-o", str(path)]) == 0
    return str(path)


def table(text):
    header, *rows = csv.reader(io.StringIO(text))
    return header, np.array(rows, dtype=float)


def posterior(model, data):
    saved = load(model)
    return saved.model.posterior(saved.params, data)


def test_predict_gives_a_label_a_row(model, faithful, capsys):
    assert main(["predict", model, "faithful"]) == 0
    header, rows = table(capsys.readouterr().out)
    assert header == ["component"]
    assert rows[:, 0].tolist() == posterior(model, faithful).responsibilities.argmax(axis=1).tolist()


def test_proba_gives_probabilities_and_uncertainty(model, faithful, capsys):
    assert main(["predict", model, "faithful", "--proba"]) == 0
    header, rows = table(capsys.readouterr().out)
    assert header == ["component", "p0", "p1", "uncertainty"]
    r = posterior(model, faithful).responsibilities
    np.testing.assert_array_equal(rows[:, 1:3], r)  # to the last bit
    np.testing.assert_allclose(rows[:, 3], 1 - r.max(axis=1), atol=1e-15)
    assert (rows[:, 3] > 0).all()  # no cancellation


def test_predict_writes_a_file(model, tmp_path, capsys):
    path = tmp_path / "labels.csv"
    assert main(["predict", model, "faithful", "--out", str(path)]) == 0
    assert capsys.readouterr().out == ""
    assert len(path.read_text().splitlines()) == 273


def test_score_is_the_log_likelihood(model, faithful, capsys):
    assert main(["score", model, "faithful", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    total = posterior(model, faithful).log_evidence.sum()
    assert document["log_likelihood"] == pytest.approx(total, rel=1e-12)
    assert document["mean"] == pytest.approx(total / 272, rel=1e-12)
    assert main(["score", model, "faithful"]) == 0
    assert capsys.readouterr().out == f"log-likelihood {total:.6f}, mean {total / 272:.6f} over 272 rows\n"


def test_score_by_rows(model, faithful, capsys):
    assert main(["score", model, "faithful", "--rows"]) == 0
    header, rows = table(capsys.readouterr().out)
    assert header == ["log_density"]
    np.testing.assert_array_equal(rows[:, 0], posterior(model, faithful).log_evidence)


def test_score_with_weights(model, faithful, tmp_path, capsys):
    path = tmp_path / "w.csv"
    weight = np.arange(272.0) % 4
    np.savetxt(
        path, np.column_stack([faithful, weight]), delimiter=",", header="eruptions,waiting,w", comments=""
    )
    assert main(["score", model, str(path), "--weights", "w", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["weight"] == weight.sum()
    assert document["log_likelihood"] == pytest.approx(weight @ posterior(model, faithful).log_evidence)


def test_columns_are_found_by_name_in_any_order(model, faithful, tmp_path, capsys):
    path = tmp_path / "other.csv"
    rows = np.column_stack([faithful[:, 1], np.zeros(272), faithful[:, 0]])
    np.savetxt(path, rows, delimiter=",", header="waiting,extra,eruptions", comments="")
    for data in ("faithful", str(path)):
        assert main(["score", model, data]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second


@pytest.mark.parametrize("name", ["rows.npy", "rows.csv"])
def test_columns_without_names_are_taken_by_position(model, faithful, tmp_path, capsys, name):
    path = tmp_path / name
    if name.endswith(".npy"):
        np.save(path, faithful)
    else:
        np.savetxt(path, faithful, delimiter=",")
    assert main(["predict", model, str(path)]) == 0
    _, rows = table(capsys.readouterr().out)
    assert rows[:, 0].tolist() == posterior(model, faithful).responsibilities.argmax(axis=1).tolist()


NUMBERS = np.array([[0, 1], [1, 0], [0, 0], [2, 1], [1, 1], [5, 0], [4, 1], [6, 0]], dtype=float)
NAMED = dict(zip(("visits", "colour"), NUMBERS.T, strict=True))
OTHERS = {
    "poisson": (jensen.Poisson(), NUMBERS),
    "categorical": (jensen.Categorical(), NUMBERS),
    "named": (jensen.Product({"visits": jensen.Gaussian(), "colour": jensen.Categorical()}), NAMED),
    "numbered": (jensen.Product({0: jensen.Gaussian(), 1: jensen.Categorical()}), NUMBERS),
}


@pytest.fixture
def other(tmp_path, monkeypatch, request):
    """A model that only a file can bring to the command line, beside files of data."""
    monkeypatch.chdir(tmp_path)
    family, data = OTHERS[request.param]
    fit = jensen.fit(jensen.Mixture(2, family), data, restarts=2, rng=0)
    jensen.save(fit, "model.json")
    return fit, data


def cells(path, rows, header="visits,colour"):
    np.savetxt(path, rows, delimiter=",", header=header, comments="")


@pytest.mark.parametrize("other", OTHERS, indirect=True)
@pytest.mark.parametrize("n", [1, 8])
def test_any_family_predicts_and_scores(other, n, capsys):
    fit, data = other
    cells("rows.csv", NUMBERS[:n], "x1,x2" if fit.model.family.num_columns else "visits,colour")
    expected = fit.model.posterior(fit.params, data)
    assert main(["score", "model.json", "rows.csv", "--rows"]) == 0
    np.testing.assert_array_equal(table(capsys.readouterr().out)[1][:, 0], expected.log_evidence[:n])
    assert main(["predict", "model.json", "rows.csv", "--proba"]) == 0
    np.testing.assert_array_equal(table(capsys.readouterr().out)[1][:, 1:3], expected.responsibilities[:n])


@pytest.mark.parametrize("other", ["named"], indirect=True)
def test_columns_that_a_family_names_are_found_in_any_order(other, capsys):
    fit, data = other
    cells("rows.csv", np.column_stack([NUMBERS[:, 1], np.full(8, 9), NUMBERS[:, 0]]), "colour,more,visits")
    assert main(["score", "model.json", "rows.csv", "--rows"]) == 0
    rows = table(capsys.readouterr().out)[1]
    np.testing.assert_array_equal(rows[:, 0], fit.model.posterior(fit.params, data).log_evidence)


REFUSED = [
    ("poisson", "x1,x2", [[1, 4.5]], "row 0, column 1 (counted from 0) is 4.5"),
    ("poisson", "x1,x2", [[-1, 4]], "row 0, column 0 (counted from 0) is -1"),
    ("categorical", "a,b", [[0, 1], [0, 2]], "column 1 has codes 0 to 1; row 1 (both counted from 0) is 2"),
    ("categorical", "a,b,c", [[0, 1, 0]], "num_codes is of 2 columns, the data have 3"),
    ("named", "visits,colour", [[0.5, 2]], "colour: column 0 has codes 0 to 1"),
    ("named", "visits,color", [[0.5, 1]], "missing: colour (did you mean 'color'?)"),
    ("numbered", "a,b", [[0.5, 2]], "1: column 0 has codes 0 to 1"),
    ("numbered", "a", [[0.5]], "the data have no column 1 (counted from 0)"),
]


@pytest.mark.parametrize("command", ["predict", "score"])
@pytest.mark.parametrize(("other", "header", "rows", "message"), REFUSED, indirect=["other"])
def test_what_a_family_refuses_is_one_line(other, header, rows, message, command, capsys):
    cells("rows.csv", rows, header)
    assert main([command, "model.json", "rows.csv"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("jensen: error: rows.csv")
    assert message in err
    assert len(err.splitlines()) == 1


def test_standard_input_without_names_is_taken_by_position(model, faithful, monkeypatch, capsys):
    def piped(*args):
        text = "\n".join(f"{a},{b}" for a, b in faithful)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return main([*args])

    assert piped("predict", model, "-") == 0
    labels = posterior(model, faithful).responsibilities.argmax(axis=1)
    assert table(capsys.readouterr().out)[1][:, 0].tolist() == labels.tolist()
    assert piped("score", model, "-", "--weights", "x2") == 2
    assert "standard input has 1 columns where the model has 2" in capsys.readouterr().err


def test_sample_draws_rows_with_names(model, capsys):
    texts = []
    for seed in ("1", "1", "2"):
        assert main(["sample", model, "-n", "500", "--seed", seed]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != texts[2]
    header, rows = table(texts[0])
    assert header == ["eruptions", "waiting"]
    saved = load(model)
    weights, (means, covariances) = saved.params
    full = saved.model.family.covariance.full(covariances, 2, 2)
    variance = np.diagonal(full, axis1=1, axis2=2)
    mean = weights @ means
    spread = np.sqrt((weights @ (variance + means**2) - mean**2) / 500)
    assert (np.abs(rows.mean(axis=0) - mean) < 5 * spread).all()


def test_sample_with_labels(model, capsys):
    assert main(["sample", model, "-n", "50", "--labels"]) == 0
    header, rows = table(capsys.readouterr().out)
    assert header == ["eruptions", "waiting", "component"]
    assert set(rows[:, 2]) == {0.0, 1.0}


def test_what_is_sampled_can_be_fitted(model, tmp_path, capsys):
    path = tmp_path / "drawn.csv"
    assert main(["sample", model, "-n", "2000", "--out", str(path)]) == 0
    assert main(["fit", str(path), "-k", "2", "--covariance", "full", "--json"]) == 0
    fit = json.loads(capsys.readouterr().out)["fit"]
    saved = load(model)
    np.testing.assert_allclose(fit["means"], saved.params.components.means, rtol=0.05)


def test_names_with_commas_are_quoted(tmp_path, capsys):
    path = tmp_path / "odd.csv"
    path.write_text('"a,b"\n1\n2\n4\n3.5\n5\n')
    saved = tmp_path / "odd.json"
    assert main(["fit", str(path), "-k", "1", "-q", "-o", str(saved)]) == 0
    assert main(["sample", str(saved), "-n", "2"]) == 0
    assert capsys.readouterr().out.startswith('"a,b"\n')


def test_show_one(model, capsys):
    assert main(["show", model]) == 0
    out = capsys.readouterr().out
    assert out.startswith("2 components, full")
    assert "-1130.2640" in out
    assert "fitted to faithful, seed 0, float64 rows, by jensen " in out


def test_show_several_side_by_side(model, tmp_path, capsys):
    tied, other = tmp_path / "tied.json", tmp_path / "other.json"
    main(["fit", "faithful", "-k", "3", "--covariance", "tied", "-q", "-o", str(tied)])
    main(["fit", "iris", "-k", "2", "--covariance", "full", "-q", "-o", str(other)])
    assert main(["show", model, str(tied)]) == 0
    lines = {line.split("  ")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["covariance"].split() == ["covariance", "full", "tied"]
    assert lines["BIC"].split() == ["BIC", "2322.19", "2314.30", "*"]
    assert "* the best; smaller is better" in lines
    assert main(["show", model, str(other)]) == 0
    out = capsys.readouterr().out
    assert "data of other names, rows or columns: the criteria may not compare" in out
    assert "*" not in out


def test_show_json(model, capsys):
    assert main(["show", model, "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)["models"]
    assert document["path"] == model
    assert document["structure"] == "full"
    assert document["log_evidence"] == pytest.approx(-1130.264, abs=1e-3)
    assert np.shape(document["covariances"]) == (2, 2, 2)


def test_datasets(capsys):
    assert main(["datasets"]) == 0
    out = capsys.readouterr().out
    for name in jensen.list_datasets()["name"]:
        assert f"\n{name} " in out
    assert "Härdle" in out
    assert main(["datasets", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["datasets"]) == jensen.list_datasets().num_rows
