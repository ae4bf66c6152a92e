# The public names of jensen.report; each is imported on first use.
from .documents import fit_document as fit_document
from .documents import selection_document as selection_document
from .plots import figure_bytes as figure_bytes
from .plots import plot_fit as plot_fit
from .tables import summary as summary
