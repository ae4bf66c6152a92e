"""What `fit` returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jensen.basics.errors import ModelError
from jensen.em.fitted import Fitted
from jensen.em.summary.summary import Summary, summarize
from jensen.em.uncertainty.table import Estimates


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Fit(Fitted):
    __doc__ = (Fitted.__doc__ or "").replace(
        "The values of a `jensen.Fit`.", "A fitted model and how sure it is: ``print(fit)`` shows it."
    )

    def summary(
        self, standard_errors: bool | Estimates = False, columns: Sequence[str] | None = None
    ) -> Summary:
        """The fit on one page: what was fitted, its parameters, criteria, verdict and search.

        Parameters
        ----------
        standard_errors
            Whether to show standard errors, tests and intervals, which cost some passes over the data; or a
            `jensen.Uncertainty` that is at hand, such as a ``sandwich()``.
        columns
            Names of the columns, where the data had none.

        Raises
        ------
        ValueError
            If standard errors are asked for of a model without a chart, or of a fit that has no data any more
            because it was loaded or pickled.

        Examples
        --------
        >>> import jensen
        >>> data = jensen.load_dataset("faithful")
        >>> fit = jensen.fit(jensen.Mixture(2, jensen.Gaussian(jensen.Tied())), data)
        >>> page = fit.summary(standard_errors=True)
        >>> page.headline
        '2 components, tied: the components share one covariance matrix'
        >>> page.parameters["name"][2].item(), round(page.parameters["standard_error"][2].item(), 3)
        ('means[0, eruptions]', 0.038)
        """
        if standard_errors is False:
            return summarize(self, columns)
        sure: Estimates = self.uncertainty() if standard_errors is True else standard_errors
        return summarize(self, columns, sure)

    def uncertainty(self) -> Any:
        """`jensen.uncertainty` of the fit and the data that it was given.

        Raises
        ------
        ValueError
            If the model has no chart, or the fit was loaded or pickled, which leaves the data behind: then
            ``jensen.uncertainty(fit.model, fit, data, weight)``.
        """
        if self.given is None:
            raise ModelError(
                "the fit was loaded or pickled, which leaves the data behind: "
                "jensen.uncertainty(fit.model, fit, data, weight)"
            )
        return self.given.uncertainty(self.model, self, self.given.data, self.given.weight)

    def __repr__(self) -> str:
        return (
            f"Fit(log_evidence={self.log_evidence:.6f}, verdict={str(self.verdict.outcome)!r}, "
            f"num_steps={self.num_steps}, num_e_steps={self.num_e_steps}, "
            f"starts={self.starts.num_rows}, seconds={self.seconds:.3g})"
        )

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
