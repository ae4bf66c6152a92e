# The public names of jensen.report; each is imported on first use.
from .documents import fit_document as fit_document
from .documents import selection_document as selection_document
from .plots import plot_fit as plot_fit
from .plots import save_figure as save_figure
from .tables import summary as summary
