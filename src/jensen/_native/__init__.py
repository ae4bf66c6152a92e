"""The native kernels: passes over rows in C++. Everything here is reached through `jensen.models`."""
