"""`GaussianMixture`: scikit-learn's estimator, with jensen's fit."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils.validation import check_is_fitted

from jensen.em.algorithms import EM
from jensen.em.fit import fit
from jensen.em.result import Fit
from jensen.models.mixture.prior import MixturePrior
from jensen.sklearn import exchange, validation
from jensen.sklearn.arguments import CONSTRAINTS, choose_prior, choose_stop
from jensen.sklearn.constant import LOG_DENSITY, varying, widened
from jensen.sklearn.messages import report_begin, report_end, warn_unless_converged
from jensen.sklearn.scoring import ScoringMixin, generator, mixture
from jensen.sklearn.shapes import set_parameters
from jensen.sklearn.starts import given_parts, is_warm, make_plan
from jensen.sklearn.warm import Continued, climbed, remembered


# DensityMixin.score has no body, so its inferred type is None.
class GaussianMixture(ScoringMixin, DensityMixin, BaseEstimator):  # pyright: ignore[reportIncompatibleMethodOverride]
    """Gaussian mixture: scikit-learn's arguments, attributes and methods, and jensen's fit behind them.

    Changing the import from ``sklearn.mixture`` to ``jensen`` is enough. Some defaults differ on purpose: as
    it stands the fit looks for the best maximum it can find and climbs to it; it does not stop on the way.

    Parameters
    ----------
    n_components : int, default=1
        Number of components, k.
    covariance_type : {"full", "tied", "diag", "spherical", "eei", "eii"} or Structure, default="full"
        Each component its own matrix; one matrix for all; each its own variances per column; each one
        variance; "eei" one variance per column for all; "eii" one variance for all. Or any
        `jensen.families.Structure`.
    tol : float, default=1e-3
        Stop once less than this *total* log-likelihood (nats) is estimated to be still to be gained.
        scikit-learn's is a gain per step and per row, which stops early. 0 takes exactly ``max_iter`` plain
        EM steps from one start.
    reg_covar : float or None, default=None
        None or 0: no ridge. Collapse is prevented by a bound relative to the data's own covariance, which
        changes nothing while it is not active. A positive number, in squared units of the data, is honoured
        as the penalty ``-reg_covar/2 * n/k * sum_k trace(inverse covariance_k)``: it adds ``reg_covar`` to
        the diagonal of a tied covariance or of that of a component of n/k rows, and more to smaller ones.
        (scikit-learn adds ``reg_covar`` to all, which maximizes nothing.)
    max_iter : int, default=10_000
        Limit on the steps of each climb. Reaching it is a `ConvergenceWarning`, not convergence.
    n_init : "auto" or int, default="auto"
        "auto": jensen's own search over many starts of several kinds. A number: that many starts of the kind
        ``init_params``, each run by EM to ``tol`` or ``max_iter``, the best proper one kept.
    init_params : {"kmeans", "k-means++", "random", "random_from_data"}, default="kmeans"
        Kind of start. With ``n_init="auto"`` the default stands for the search; another kind for ten starts
        of it.
    weights_init, means_init, precisions_init : array-like, default=None
        Of shape (k,), (k, n_features) and that of ``precisions_``. All three are one start, and nothing else
        is run; fewer replace their part of each start (with ``n_init="auto"``, of one). Components keep the
        order given.
    random_state : int, RandomState or None, default=None
        Seeds the starts, and `sample`.
    warm_start : bool, default=False
        Go on from the parameters of the previous `fit`. ``n_iter_`` and ``lower_bounds_`` are those of the
        last `fit` alone; whether it converged is told from the steps of all.
    verbose : int, default=0
        1 prints starts, steps, how it ended and the table of starts; 2 gains and times too.
    verbose_interval : int, default=10
        Steps between lines of progress.
    prior : jensen.models.MixturePrior or None, default=None
        A conjugate prior: the fit is then maximum a posteriori.

    Attributes
    ----------
    weights_ : ndarray of shape (k,)
    means_ : ndarray of shape (k, n_features)
    covariances_, precisions_, precisions_cholesky_ : ndarray
        Of shape (k, n_features, n_features) for "full", (n_features, n_features) for "tied", (k, n_features)
        for "diag" and (k,) for "spherical", (n_features,) for "eei", () for "eii". All parameters are float32
        where X is; predictions use them as they were found, in double precision, until one is set by hand.
    converged_ : bool
        True only if a proper maximum was reached.
    n_iter_ : int
        Steps of the climb that was kept.
    lower_bound_ : float
        Mean log-likelihood per row (per unit of weight) of the parameters returned: ``score`` of the data
        fitted.
    lower_bounds_ : list of n_iter_ floats
        The same after each step; the last is ``lower_bound_``.
    result_ : jensen.Fit
        Everything else: verdict with advice, ledger, what is left to be gained, table of all starts.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only where X has column names.

    Warns
    -----
    ConvergenceWarning
        If the end is no proper maximum; it says what it is and what to do.

    Notes
    -----
    Components come in a canonical order, by their means (first column first), so that labels do not depend on
    the seed. Rows may be weighted: an integer weight counts as that many equal rows, and n in the criteria is
    the sum.

    Examples
    --------
    >>> import numpy as np
    >>> from jensen import GaussianMixture
    >>> X = np.array([[1.0, 2], [1, 4], [1, 0], [2, 2], [10, 2], [10, 4], [10, 0], [11, 2]])
    >>> gm = GaussianMixture(2, covariance_type="tied", random_state=0).fit(X)
    >>> gm.means_.round(2)
    array([[ 1.25,  2.  ],
           [10.25,  2.  ]])
    >>> gm.predict([[0, 0], [12, 3]])
    array([0, 1])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float | None = None,
        max_iter: int = 10_000,
        n_init: int | str = "auto",
        init_params: str = "kmeans",
        weights_init: Any = None,
        means_init: Any = None,
        precisions_init: Any = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
        prior: MixturePrior | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.prior = prior

    # ---- fitting -------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the mixture.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            An array or a data frame (pandas, polars, …).
        y : Ignored
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative; a row of weight 2 counts as two rows. Weights are counts, not shares: if they add up
            to 1, all rows together are one row's worth of data, for the criteria and for ``tol``.

        Returns
        -------
        self : GaussianMixture

        Raises
        ------
        ValueError
            If the data, the weights or the arguments cannot be used; the message says which, where and what
            to do.
        """
        self._validate_params()
        data, weight = validation.fit_rows(self, X, sample_weight)
        kept = varying(self, data)
        whole, data = data, data if kept is None else np.ascontiguousarray(data[:, kept])
        given = given_parts(self, whole.shape[1], kept)
        plan = make_plan(self, given)
        before = climbed(self) if is_warm(self) else ()
        if self.verbose:
            report_begin(plan.kind, plan.restarts)
        found = fit(
            mixture(self.n_components, self.covariance_type, choose_prior(self, data, weight)),
            data,
            weight=weight,
            algorithm=None if plan.start is None else EM(),
            stop=Continued(choose_stop(self, plan.start is not None), before),
            max_steps=self.max_iter,
            restarts=plan.restarts,
            starts=plan.starts(),
            rng=generator(self.random_state),
        )
        params, offset = found.params, 0.0
        if kept is not None:
            params = widened(params, kept, whole[0], self.covariance_type)
            offset = LOG_DENSITY * (whole.shape[1] - len(kept))
        set_parameters(self, params, whole.dtype)
        self._climbed = remembered(before, found)
        self._keep(found, offset, len(data))
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> NDArray[np.intp]:
        """`fit`, then the most probable component of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : Ignored
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        return self.fit(X, y, sample_weight).predict(X)

    def _keep(self, found: Fit, offset: float, num_rows: int) -> None:
        """Set what is said of the fit; report and warn. ``offset`` is the log-density of a row in columns
        that were not fitted.
        """
        self.result_ = found
        self.converged_ = found.verdict.converged
        self.n_iter_ = found.num_steps
        self.lower_bound_ = found.log_evidence / found.weight + offset
        self.lower_bounds_ = (found.ledger["log_evidence"][1:] / found.weight + offset).tolist()
        if self.verbose:
            report_end(found)
        warn_unless_converged(found, num_rows, self.max_iter, self.tol)

    # ---- more than scikit-learn's --------------------------------------------------------------------------

    def summary(self) -> str:
        """The fit as text: verdict, criteria, and the components with the names of the columns.

        Returns
        -------
        text : str
            To be printed.
        """
        check_is_fitted(self, "result_", msg="summary() is of a fit by jensen; call fit first")
        from jensen.report.tables import summary

        names = getattr(self, "feature_names_in_", None)
        if names is not None and self.result_.params.components.means.shape[1] != len(names):
            names = None  # some are constant, and were not fitted
        return summary(self.result_, columns=None if names is None else tuple(names))

    @classmethod
    def from_parameters(
        cls, weights: Any, means: Any, covariances: Any, *, covariance_type: str = "full", **arguments: Any
    ) -> Self:
        """A mixture with known parameters, ready to predict, score and sample.

        Parameters
        ----------
        weights, means, covariances : array-like
            In the shapes of ``weights_``, ``means_`` and ``covariances_``.
        covariance_type : str, default="full"
        **arguments
            Of the constructor.

        Examples
        --------
        >>> from jensen import GaussianMixture
        >>> weights, means, variances = [0.5, 0.5], [[0.0], [4.0]], [1.0, 1.0]
        >>> gm = GaussianMixture.from_parameters(weights, means, variances, covariance_type="spherical")
        >>> gm.predict([[1.0], [3.0]])
        array([0, 1])
        """
        return exchange.from_parameters(cls, weights, means, covariances, covariance_type, arguments)

    @classmethod
    def from_sklearn(cls, gm: Any) -> Self:
        """The same mixture as a fitted ``sklearn.mixture.GaussianMixture``.

        What means the same in both is carried over. ``tol``, ``max_iter``, ``n_init`` and ``reg_covar`` stay
        at jensen's defaults; ``converged_``, ``n_iter_`` and the lower bounds are as scikit-learn reported
        them. With ``warm_start=True`` a `fit` goes on from where scikit-learn stopped.

        Parameters
        ----------
        gm : sklearn.mixture.GaussianMixture

        Returns
        -------
        GaussianMixture
        """
        return exchange.from_sklearn(cls, gm)

    def to_sklearn(self) -> Any:
        """A fitted ``sklearn.mixture.GaussianMixture`` with the same parameters.

        Returns
        -------
        sklearn.mixture.GaussianMixture
            With ``reg_covar=0`` unless this one has its own, and scikit-learn's ``tol``, ``max_iter``,
            ``n_init``.
        """
        return exchange.to_sklearn(self)
