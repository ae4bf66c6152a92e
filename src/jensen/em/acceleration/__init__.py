"""Faster than EM, never falling: `quasi_newton`, `gradient_em`, `extrapolation`; `newton` for the end."""
