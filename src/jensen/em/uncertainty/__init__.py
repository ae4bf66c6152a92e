"""How sure a fit is: standard errors in `uncertainty`, then `intervals`, `profile`, `sandwich`."""
