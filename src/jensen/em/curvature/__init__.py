"""Second derivatives of the evidence: what the end of a climb and its standard errors rest on."""
