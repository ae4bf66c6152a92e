"""Paths where a draw is no function of noise: x' = −∂F/∂θ / p(x), with the distribution function held fixed.

Figurnov, Mohamed and Mnih (2018), "Implicit reparameterization gradients".
"""
