"""How sure a fit is: `information`, standard errors in `uncertainty`, `intervals`, `profile`, `sandwich`."""
