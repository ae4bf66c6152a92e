"""``jax.numpy``, imported when it is first used."""

from __future__ import annotations

from typing import Any

from jensen.models.log_joint.precision import require_jax


class _Numpy:
    def __getattr__(self, name: str) -> Any:
        names = vars(require_jax().numpy)
        if name not in names:
            raise AttributeError(f"jax.numpy has no {name}")
        return names[name]


jnp: Any = _Numpy()


def real(x: Any) -> Any:
    """x as an array of real numbers; integers and booleans in the default precision."""
    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(float)
