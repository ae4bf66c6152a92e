"""The built-in data sets against what is published of them."""

import subprocess
import sys
import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import jensen
from jensen.basics.errors import DataError
from jensen.data.datasets import FOLDER, dataset_names
from jensen.em import DiscretePosterior, Gain
from jensen.families import GaussianParams
from jensen.models import Mixture, MixtureParams

# n, d, column means (R's colMeans; penguins: palmerpenguins; wine: the UCI description), and rows by label
FACTS = {
    "acidity": (155, [5.105096], None),
    "banknote": (
        200,
        [214.896, 130.1215, 129.9565, 9.4175, 10.6505, 140.4835],
        {"genuine": 100, "counterfeit": 100},
    ),
    "crabs": (
        200,
        [15.583, 12.7385, 32.1055, 36.4145, 14.0305],
        {"blue male": 50, "blue female": 50, "orange male": 50, "orange female": 50},
    ),
    "diabetes": (145, [121.986207, 543.613793, 186.117241], {"normal": 76, "chemical": 36, "overt": 33}),
    "faithful": (272, [3.487783, 70.897059], None),
    "galaxies": (82, [20828.170732], None),
    "geyser": (299, [72.314381, 3.460814], None),
    "iris": (
        150,
        [5.843333, 3.057333, 3.758, 1.199333],
        {"setosa": 50, "versicolor": 50, "virginica": 50},
    ),
    "penguins": (
        342,
        [43.92193, 17.15117, 200.915205, 4201.754386],
        {"Adelie": 151, "Chinstrap": 68, "Gentoo": 123},
    ),
    "ruspini": (75, [54.88, 92.026667], None),
    "thyroid": (
        215,
        [109.595349, 9.804651, 2.050233, 2.88, 4.19907],
        {"normal": 150, "hyper": 35, "hypo": 30},
    ),
    "wine": (
        178,
        [
            *[13.000618, 2.336348, 2.366517, 19.494944, 99.741573, 2.295112, 2.02927],
            *[0.361854, 1.590899, 5.05809, 0.957449, 2.611685, 746.893258],
        ],
        {"cultivar 1": 59, "cultivar 2": 71, "cultivar 3": 48},
    ),
}


def test_the_list_is_complete():
    assert dataset_names() == sorted(FACTS)
    table = jensen.list_datasets()
    assert table["name"].tolist() == sorted(FACTS)
    assert table["n"].tolist() == [FACTS[name][0] for name in sorted(FACTS)]
    assert table["d"].tolist() == [len(FACTS[name][1]) for name in sorted(FACTS)]


@pytest.mark.parametrize("name", sorted(FACTS))
def test_facts(name):
    n, means, labels = FACTS[name]
    dataset = jensen.load_dataset(name)
    assert dataset.values.shape == (n, len(means))
    assert dataset.values.dtype == np.float64
    assert dataset.values.flags.c_contiguous
    assert np.isfinite(dataset.values).all()
    assert len(set(dataset.columns)) == len(means)
    assert_allclose(dataset.values.mean(axis=0), means, atol=6e-7)
    if labels is None:
        assert dataset.labels is None
        assert dataset.label_name == ""
    else:
        assert {
            str(k): int(c) for k, c in zip(*np.unique(dataset.labels, return_counts=True), strict=True)
        } == labels
    assert len(dataset.title) > 20
    assert any(year in dataset.source for year in ("19", "20", "PARVUS"))


def test_every_file_names_its_source():
    for path in FOLDER.glob("*.csv"):
        comments = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
        assert sum(line.startswith("# source: ") for line in comments) == 1, path
        assert sum(line.startswith("# title: ") for line in comments) == 1, path


def test_galaxies_value_for_value():
    """Roeder (1990) as in R's MASS, the known typo 26690 (for 26960) kept."""
    known = (
        "9172,9350,9483,9558,9775,10227,10406,16084,16170,18419,18552,18600,18927,19052,19070,19330,19343,"
        "19349,19440,19473,19529,19541,19547,19663,19846,19856,19863,19914,19918,19973,19989,20166,20175,20179,"
        "20196,20215,20221,20415,20629,20795,20821,20846,20875,20986,21137,21492,21701,21814,21921,21960,22185,"
        "22209,22242,22249,22314,22374,22495,22746,22747,22888,22914,23206,23241,23263,23484,23538,23542,23666,"
        "23706,23711,24129,24285,24289,24366,24717,24990,25633,26690,26995,32065,32789,34279"
    )
    assert_array_equal(jensen.load_dataset("galaxies").values[:, 0], [float(v) for v in known.split(",")])
    assert "26690" in jensen.load_dataset("galaxies").note


def test_iris_and_wine_are_those_of_scikit_learn():
    from sklearn.datasets import load_iris, load_wine

    assert_array_equal(jensen.load_dataset("iris").values, load_iris().data)
    assert_array_equal(jensen.load_dataset("wine").values, load_wine().data)


def test_diabetes_is_the_corrected_version():
    assert jensen.load_dataset("diabetes").values[103].tolist() == [75, 455, 392]


def from_labels(model, data, labels):
    k, d = model.num_components, data.shape[1]
    anywhere = np.ones(model.family.covariance.shape(k, d))
    guess = MixtureParams(np.full(k, 1 / k), GaussianParams(np.zeros((k, d)), anywhere))
    partition = np.eye(k)[np.unique(labels, return_inverse=True)[1]]
    stats = model.expected(guess, data, DiscretePosterior(partition, np.zeros(len(data))), None).stats
    return model.m_step(stats, guess)


# mclust 6.0.0, `me` with tol = 1e-13 from a partition of the rows: VVV Full, EEE and E Tied, VVI Diagonal.
# At its default tol of 1e-5 mclust stops at -2295.118096 for diabetes, as published.
LOG_LIKELIHOODS = [
    ("iris", jensen.Full(), "labels", -180.18547713),
    ("diabetes", jensen.Full(), "labels", -2295.09345573),
    ("banknote", jensen.Tied(), "labels", -793.641609497),
    ("crabs", jensen.Tied(), "labels", -1349.05249225),
    ("thyroid", jensen.Diagonal(), "labels", -2303.02233063),
    ("acidity", jensen.Tied(), lambda x: x[:, 0] > 5.3, -185.949264496),
    ("geyser", jensen.Full(), lambda x: x[:, 1] > 3, -1400.93069764),
    ("faithful", jensen.Full(), lambda x: x[:, 0] >= 3, -1130.26396018),
]


@pytest.mark.parametrize(
    ("name", "structure", "split", "known"), LOG_LIKELIHOODS, ids=[case[0] for case in LOG_LIKELIHOODS]
)
def test_known_log_likelihoods(name, structure, split, known):
    """A digit off in a file would show here."""
    dataset = jensen.load_dataset(name)
    labels = dataset.labels if split == "labels" else split(dataset.values)
    model = Mixture(len(set(labels.tolist())), jensen.Gaussian(structure))
    fit = jensen.fit(model, dataset.values, from_labels(model, dataset.values, labels), stop=Gain(1e-9))
    assert fit.log_evidence == pytest.approx(known, abs=2e-5)


def test_unknown_name():
    with pytest.raises(
        DataError, match=r"no built-in data set 'fathful' \(did you mean 'faithful'\?\)"
    ) as error:
        jensen.load_dataset("fathful")
    assert all(name in str(error.value) for name in FACTS)
    with pytest.raises(DataError, match=r"no built-in data set '../sets/iris'"):
        jensen.load_dataset("../sets/iris")


def test_repr():
    text = repr(jensen.load_dataset("iris"))
    assert text.startswith("Dataset('iris': 150 × 4, 3 species labels; sepal_length, sepal_width")
    assert "Anderson's iris" in text


def test_frames():
    iris = jensen.load_dataset("iris")
    for frame in (iris.to_pandas(), iris.to_polars()):
        assert list(frame.columns) == [*iris.columns, "species"]
        assert frame.shape == (150, 5)
    assert list(jensen.load_dataset("faithful").to_polars().columns) == ["eruptions", "waiting"]


def test_loading_is_quick_and_light():
    """Cold start: nothing but NumPy and the standard library; the best of a few loads is well under 3 ms."""
    code = (
        "import sys, numpy; before = set(sys.modules); import jensen; jensen.load_dataset('faithful');"
        "heavy = {'polars', 'pandas', 'scipy', 'sklearn', 'narwhals', 'csv', 'rich', 'pyarrow', 'json'};"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    times = []
    for _ in range(20):
        began = time.process_time()
        jensen.load_dataset("faithful")
        times.append(time.process_time() - began)
    assert min(times) < 3e-3
