"""What all tests share: reproducible property tests."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "jensen", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("jensen")
