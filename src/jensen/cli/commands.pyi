from . import fitting as fitting
from . import gradients as gradients
from . import using as using
