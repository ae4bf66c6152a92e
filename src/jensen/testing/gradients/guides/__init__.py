"""Random guides at extreme parameters, held to densities and derivatives of many digits."""
