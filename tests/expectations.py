"""Gradients of expectations in tests: replicates, exact moments, and bounds in standard errors."""

from __future__ import annotations

import jax
import numpy as np

NORMAL_X = np.linspace(-12.0, 12.0, 6001)
NORMAL_W = np.exp(-(NORMAL_X**2) / 2.0) / np.sqrt(2.0 * np.pi) * (NORMAL_X[1] - NORMAL_X[0])
"""A trapezoidal rule, whose error for smooth functions of a normal variable is that of rounding."""


def normal_moments(function):
    """Mean, variance and fourth central moment of a function of a standard normal variable."""
    return moments(function(NORMAL_X), NORMAL_W)


def moments(values, weights):
    """Mean, variance and fourth central moment of values with probabilities."""
    mean = np.sum(weights * values)
    return mean, np.sum(weights * (values - mean) ** 2), np.sum(weights * (values - mean) ** 4)


def replicates(F, params, num, seed=0, state=None):
    """Gradients of independent calls, each leaf (num, ...)."""
    keys = jax.random.split(jax.random.key(seed), num)
    gradient = jax.jit(jax.vmap(lambda key: jax.grad(F)(params, key, state)))
    return jax.tree.map(np.asarray, gradient(keys))


def assert_mean(samples, mean, what=""):
    """The mean within four standard errors of the exact one, entry by entry."""
    samples = np.asarray(samples)
    error = np.abs(samples.mean(axis=0) - mean)
    allowed = 4.0 * samples.std(axis=0) / np.sqrt(len(samples)) + 1e-10 * (1.0 + np.abs(mean))
    assert np.all(error <= allowed), f"{what}: mean {samples.mean(axis=0)}, exact {mean}, allowed {allowed}"


def assert_variance(samples, variance, fourth=None, what=""):
    """The variance within four standard errors; ``fourth`` is the exact fourth central moment, if known."""
    samples = np.asarray(samples)
    found = samples.var(axis=0)
    fourth = np.mean((samples - samples.mean(axis=0)) ** 4, axis=0) if fourth is None else fourth
    scale = 1.0 + np.abs(samples).max() ** 2
    allowed = 4.0 * np.sqrt(np.maximum(fourth - found**2, 0.0) / len(samples)) + 1e-12 * scale
    assert np.all(np.abs(found - variance) <= allowed), f"{what}: variance {found}, exact {variance}"
