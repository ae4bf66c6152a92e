"""Random programs with known gradients of their expectations: what `check_gradient_law` draws."""
