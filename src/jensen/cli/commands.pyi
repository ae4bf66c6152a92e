from . import fitting as fitting
from . import gradients as gradients
from . import predicting as predicting
from . import using as using
