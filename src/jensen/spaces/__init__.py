"""Parameters as unconstrained vectors: `spaces` that they live in, the `chart` of a model, `coordinates`."""
