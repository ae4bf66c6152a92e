"""Paths where a draw is no function of noise: at a fixed value of the distribution function, x' = −∂F/∂θ / p(x).

Figurnov, Mohamed and Mnih (2018), "Implicit reparameterization gradients".
"""
