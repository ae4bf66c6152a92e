"""Where draws come from: independent, antithetic, stratified, Sobol."""
