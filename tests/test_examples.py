"""The examples run and say what they should; the Python on every page runs and prints what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jensen.em import em_map
from pages import ROOT, WIDTH, blocks, refreshed, run_command, run_python, run_script, session

SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


# ---- the examples: one function each, by the name of the script --------------------------------------------


def check_censored_regression(names: dict[str, Any]) -> None:
    # survreg of R's survival, type = "left", dist = "gaussian"; iterated to twelve digits
    fit = names["fit"]
    assert fit.params.coefficients == pytest.approx(
        [15.144866360682, -0.129059284097, -0.045541662954], abs=1e-6
    )
    assert float(fit.params.scale) == pytest.approx(5.5725397631, abs=1e-6)
    assert fit.log_evidence == pytest.approx(-28.9401332, abs=1e-6)
    assert fit.verdict.converged
    assert fit.starts["times_found"][0] == 10  # a single maximum
    assert names["plain"].log_evidence == pytest.approx(fit.log_evidence, abs=1e-3)


def check_em_and_the_bound(names: dict[str, Any]) -> None:
    table, played, model, x = (names[name] for name in ("table", "played", "model", "x"))
    e, m = table["after"] == "E-step", table["after"] == "M-step"
    assert np.allclose(table["q"] + table["entropy"], table["elbo"], rtol=0, atol=1e-12)
    assert np.allclose(table["elbo"] + table["kl"], table["evidence"], rtol=0, atol=1e-12)
    assert np.abs(table["kl"][e]).max() < 1e-12
    assert (table["kl"][m] > 1e-4).all()
    assert (np.diff(table["elbo"]) > 1e-4).all()
    for (_, theta, q), gap in zip(played, table["kl"], strict=True):
        assert names["kl"](q, model.posterior(theta, x)) == pytest.approx(gap, abs=1e-12)
    left, right = names["draw"]().axes
    evidence, *bounds = (line.get_ydata() for line in left.lines if len(line.get_ydata()) == 400)
    assert len(bounds) == 4
    for bound in bounds:  # below everywhere, and touching somewhere
        assert (bound <= evidence + 1e-12).all()
        assert (evidence - bound).min() < 1e-3
    assert len(right.get_xticklabels()) == len(played) - 1


def check_factor_analysis(names: dict[str, Any]) -> None:
    # R's SQUAREM 2021.1, its demo: 327.6906285; EM 14659 steps, ECME 6408, with SQUAREM 876 and 379
    fits = names["fits"]
    for name in ("EM, accelerated", "ECME, accelerated"):
        assert -fits[name].log_evidence - names["constant"] == pytest.approx(327.6906285, abs=1e-6)
        assert fits[name].num_e_steps <= 200
        assert fits[name].verdict.converged
        assert (np.diff(fits[name].ledger["objective"]) > -1e-9).all()
        reference = [0.479082, 0.404902, 0.0899, 0.304744, 0.44072, 0.460651, 0.515536, 0.317114, 0.316137]
        assert fits[name].params.uniquenesses == pytest.approx(reference, abs=1e-4)
    for name in ("EM", "ECME"):
        assert -fits[name].log_evidence - names["constant"] == pytest.approx(327.6906285, abs=1e-3)
    assert fits["ECME"].num_e_steps < fits["EM"].num_e_steps


def check_faithful(names: dict[str, Any]) -> None:
    assert names["fit"].log_evidence == pytest.approx(-1130.26396, abs=1e-3)  # mclust 6.0.0, VVV, k = 2
    assert names["fit"].verdict.converged
    assert sorted(np.bincount(names["labels"])) == [97, 175]
    assert names["new"].shape == (5, 2)


def check_faster_convergence(names: dict[str, Any]) -> None:
    counts = {key: np.median(each) for key, each in names["counts"].items()}
    square, bump, bound = names["OBJECTIVES"]
    assert counts[square, "path"] < counts[square, "score, leave-one-out"] < counts[square, "score"]
    assert counts[bump, "measure-valued"] < counts[bump, "score"] < counts[bump, "score, leave-one-out"]
    assert 10 * counts[bump, "score"] < counts[bump, "path"]  # the claim fails
    assert 3 * counts[bound, "path"] < counts[bound, "score"]
    assert counts[bound, "path"] == pytest.approx(counts[bound, "score, leave-one-out"], rel=0.3)
    assert len(names["draw"]().axes) == 3


def check_from_scikit_learn(names: dict[str, Any]) -> None:
    x = names["x"]
    assert np.allclose(names["here"].score_samples(x), names["theirs"].score_samples(x))
    assert np.allclose(names["there"].score_samples(x), names["gm"].score_samples(x))
    assert names["gm"].score(x) * len(x) >= names["theirs"].score(x) * len(x) - 1e-3
    assert names["search"].best_params_["gaussianmixture__n_components"] > 1


def check_galaxies(names: dict[str, Any]) -> None:
    # mclust 6.1.3's vignette, from many starts: V,3 with −203.1792
    assert names["found"].fits[3, "full"].log_evidence == pytest.approx(-203.1792, abs=1e-3)
    assert names["found"].chosen.num_components == 3


def check_gradient_m_steps(names: dict[str, Any]) -> None:
    counts, fits, best = names["counts"], names["fits"], names["best"]
    for (name, units), fit in fits.items():
        assert fit.log_evidence == pytest.approx(best[units].log_evidence, abs=1e-4), name
        total = fit.ledger["expected_log_joint"] + fit.ledger["entropy"]
        assert np.allclose(total, fit.ledger["log_evidence"], rtol=0, atol=1e-8), name
        assert np.diff(fit.ledger["log_evidence"]).min() > -1e-9, name
    assert best["minutes"].log_evidence == pytest.approx(-1130.26396018, abs=1e-6)
    for units, times in (("standardized", 4), ("minutes", 50)):
        few, many = counts["1 gradient step", units], counts["100 gradient steps", units]
        assert few > times * counts["closed form", units]
        assert many < few / 4
    assert counts["closed form", "standardized"] == counts["closed form", "minutes"]
    assert np.abs(names["means"] - names["means"][0]).max() < 0.01


def check_iris_selection(names: dict[str, Any]) -> None:
    # mclust 6.0.0 with its sign changed: VVV,2 574.0178 and VVV,3 580.8396, which need not be the best
    assert names["found"].fits[2, "full"].bic == pytest.approx(574.018, abs=2e-2)
    assert names["found"].fits[3, "full"].bic <= 580.84
    assert names["found"].chosen.label == "k = 2, full"


def check_ledger(names: dict[str, Any]) -> None:
    ledger = names["fit"].ledger
    total = ledger["expected_log_joint"] + ledger["entropy"]
    assert np.allclose(total, ledger["log_evidence"], rtol=0, atol=1e-8)
    assert (ledger["kl"][1:] >= -1e-9).all()
    assert (np.diff(ledger["log_evidence"]) > -1e-9).all()
    assert names["gap"] > 0.1
    assert names["elbo"] + names["gap"] == pytest.approx(names["fit"].log_evidence, abs=1e-8)


def check_own_model(names: dict[str, Any]) -> None:
    # Hasselblad (1969); the maximum to twelve digits from a fit in extended precision
    assert names["fast"].log_evidence == pytest.approx(-1989.945859883, abs=1e-3)
    assert names["best"].weights[0] == pytest.approx(0.359885, abs=1e-3)
    assert names["fast"].verdict.converged
    assert names["plain"].verdict.converged
    assert names["fast"].num_e_steps < names["plain"].num_e_steps / 4
    assert {row["outcome"] for row in names["laws"].rows()} == {"holds", "does not apply"}


def check_prior(names: dict[str, Any]) -> None:
    assert not names["plain"].verdict.converged
    assert names["fit"].verdict.converged
    assert (np.diff(names["fit"].ledger["objective"]) > -1e-9).all()
    assert len(set(names["labels"][:5])) == len(set(names["labels"][5:])) == 1


def check_reparameterization(names: dict[str, Any]) -> None:
    found = names["found"]
    exact = {  # Gauss-Hermite and quad, at mu = ½, 1 and 1
        "x**2": {"score": 18.5625, "path": 4.0, "measure-valued": 0.273240},
        "exp(-10 x**2)": {"score": 0.076966, "path": 0.943508, "measure-valued": 0.020656},
        "cos(5 x)": {"score": 0.5, "path": 12.5, "measure-valued": 0.295717},
    }
    for name, variances in exact.items():
        for estimator, variance in variances.items():
            row = found[name].row(estimator)
            assert abs(row["variance"] - variance) < 4 * row["variance_error"] + 1e-6, (name, estimator)
            assert abs(row["bias"]) < 4
    assert found["x**2"].row("path, mirrored pairs")["variance"] < 1e-20
    assert names["by_score"].var() == pytest.approx(18.5625, rel=0.15)
    assert names["by_path"].var() == pytest.approx(4.0, rel=0.06)
    assert len(names["draw"]().axes) == 2


def check_same_line_two_libraries(names: dict[str, Any]) -> None:
    n = names["n"]
    best = -1126.3159279  # tied, k = 3, converged to twelve digits
    assert names["ours"].score(names["x"]) * n == pytest.approx(best, abs=1e-3)
    assert names["ours"].lower_bound_ * n == pytest.approx(names["ours"].score(names["x"]) * n, abs=1e-8)
    assert names["longer"].score(names["x"]) * n == pytest.approx(best, abs=1e-3)
    assert names["theirs"].converged_
    assert names["theirs"].score(names["x"]) * n < best - 0.1


def check_skeleton(names: dict[str, Any]) -> None:
    # Do and Batzoglou (2008), figure 1: from 0.6 and 0.5 to 0.71 and 0.58, and to 0.80 and 0.52 in ten steps
    model, data, params = names["model"], names["data"], names["start"]
    params = em_map(model, params, data)
    assert params["heads"].round(2).tolist() == [0.71, 0.58]
    for _ in range(9):
        params = em_map(model, params, data)
    assert params["heads"].round(2).tolist() == [0.80, 0.52]
    assert names["heads"]["heads"] == pytest.approx(np.sort(params["heads"]), abs=2e-3)
    assert names["fit"].verdict.converged
    assert (names["sure"].standard_errors["heads"] > 0).all()


def check_weights(names: dict[str, Any]) -> None:
    every, counted, ignored = names["every_row"], names["counted"], names["ignored"]
    assert counted.log_evidence == pytest.approx(
        -1034.00175, abs=1e-3
    )  # mixtools, unequal variances, converged
    assert counted.log_evidence == pytest.approx(every.log_evidence, abs=1e-3)
    assert ignored.log_evidence == pytest.approx(every.log_evidence, abs=1e-3)
    assert counted.weight == every.weight == 272


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_example(path: Path) -> None:
    names, printed = run_script(path)
    assert printed.strip(), "an example prints something"
    globals()[f"check_{path.stem}"](names)  # an example without a check is an error


# ---- the pages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_page(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", WIDTH)
    namespace: dict[str, Any] = {"__name__": page.stem}
    printed: str | None = None
    for block in blocks(page.read_text(encoding="utf-8")):
        where = f"{page.name}:{block.line}"
        before, printed = printed, None
        match block.language, block.info:
            case "python", "":
                printed = run_python(block, page.name, namespace)
            case "python", info if info.startswith("examples/"):
                assert block.text.strip() in (ROOT / info).read_text(encoding="utf-8"), where
            case "python", info:
                assert re.fullmatch(r"no-run: .{10,}", info), f"{where}: a reason is missing"
            case "text", info if info.startswith("examples/"):
                assert_printed(run_script(ROOT / info)[1], block.text, where)
            case "text", "" if block.follows and before is not None:
                assert_printed(before, block.text, where)
            case "console", _:
                assert_session(block.text, where)


def assert_session(text: str, where: str) -> None:
    """The commands print what is shown after them, but for times, counts and last digits."""
    for line, shown in session(text):
        printed = run_command(line)
        found, wanted = steady(printed).split(), steady(shown).split()
        assert len(found) == len(wanted), f"{where} ({line}) prints\n{printed}"
        for a, b in zip(found, wanted, strict=True):
            assert same_token(a, b), f"{where} ({line}) shows {b} and prints {a} in\n{printed}"


def steady(text: str) -> str:
    """Without times, and without counts and remainders that the last bits decide."""
    text = re.sub(r"in \d[\d.]* (ms|s|min)\b", "in TIME", text)
    counts = r"\S+(?= E-steps| starts,| of them found)|(?<=found )\d+(?= times)"
    return re.sub(rf"{counts}|(?<=about )\S+(?= of log-likelihood)", "NUMBER", text)


def same_token(found: str, shown: str) -> bool:
    """Equal, or numbers that differ by less than one percent: other processors round otherwise."""
    a, b = (re.sub(r"[(),;−*]", lambda m: "-" if m[0] == "−" else "", text) for text in (found, shown))
    try:
        return float(a) == pytest.approx(float(b), rel=1e-2)
    except ValueError:
        return a == b or (("," in found) and all(map(same_token, found.split(","), shown.split(","))))


def assert_printed(printed: str, shown: str, where: str) -> None:
    """The same lines, but for times and last digits; three dots on a line stand for lines left out."""
    rest = steady(printed).strip("\n").splitlines()
    for piece in re.split(r"^…$", steady(shown), flags=re.MULTILINE):
        wanted = piece.strip("\n").splitlines()
        found = first(wanted, rest)
        assert found is not None, f"{where} shows\n{piece}\nand what was printed is\n{printed}"
        rest = rest[found + len(wanted) :]


def first(wanted: list[str], lines: list[str]) -> int | None:
    """Where the wanted lines begin; None where they are not."""
    for i in range(len(lines) - len(wanted) + 1):
        if all(map(same_line, lines[i : i + len(wanted)], wanted)):
            return i
    return None


NUMBER = re.compile(r"[-−]?\d*\.\d+(?:e[-+]\d+)?|\d+e[-+]\d+")


def same_line(found: str, shown: str) -> bool:
    """Equal, or numbers with decimals that differ by one unit of the last digit, of three or more.

    The processor decides the last bits of a result, and these the last digit of a number that is halfway
    between two. Words and whole numbers are equal, and so are numbers of one or two digits: what is not
    settled to as many is not worth printing.
    """
    if found.rstrip() == shown.rstrip():
        return True
    words = [re.sub(r"\s+", " ", NUMBER.sub("#", line)).strip() for line in (found, shown)]
    if words[0] != words[1]:
        return False
    pairs = zip(NUMBER.findall(found), NUMBER.findall(shown.replace("−", "-")), strict=True)
    return all(near(a.replace("−", "-"), b) for a, b in pairs)


def near(found: str, shown: str) -> bool:
    a, b = float(found), float(shown)
    return a == b or abs(a - b) <= min(1.01 * unit(shown), 0.0101 * abs(b))


def unit(number: str) -> float:
    """Of the last digit: 0.01 of 3.14, 1e-7 of 1.5e-6."""
    digits, _, exponent = number.partition("e")
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {
                re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
            }
            assert anchor in slugs, f"{page.name} links to {target}"


def test_the_comparisons_can_fail() -> None:
    assert_printed("a\nb\nc\n", "a\n…\nc\n", "here")
    with pytest.raises(AssertionError, match="here shows"):
        assert_printed("a\nb\nc\n", "a\n…\nd\n", "here")
    assert same_line("score  -0.1216 0.5 [3]", "score -0.1215  0.5 [3]")
    assert not same_line("score  -0.1217 0.5 [3]", "score -0.1215  0.5 [3]")
    assert not same_line("score  -0.1215 0.5 [4]", "score -0.1215  0.5 [3]")
    assert not same_line("path   -0.1215 0.5 [3]", "score -0.1215  0.5 [3]")
    assert not same_line("-0.1215 0.5", "-0.1215")
    assert not same_line("2e-07 short", "1e-07 short")
    assert not same_line("[0.4 0.6]", "[0.5 0.5]")
    assert not same_line("0.0", "0.1")
    assert same_line("[0.36 0.2505] 2.35", "[0.36 0.2506] 2.34")
    assert same_token("3.7501,82.02,1", "3.75,82.0,1")
    assert same_token("(−1126.3159)", "(−1126.32)")
    assert not same_token("3.7501,82.02,1", "3.75,82.0,0")
    assert not same_token("tied", "full")
    with pytest.raises(AssertionError, match="prints"):
        assert_session("$ jensen fit nosuch\nnothing\n", "here")


def test_a_page_is_written_anew() -> None:
    page = "```python\nx = 2\nprint(x)\n```\n\n```text\n1\n```\n\nB\n\n```python\nprint(x + 1)\n```\n\nC\n"
    new = refreshed(page, "page")
    assert "```text\n2\n```\n\nB" in new
    assert "```text\n3\n```\n\nC" in new
    assert refreshed(new, "page") == new
