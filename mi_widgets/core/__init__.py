"""The vocabulary: sites, interventions, Results, errors. Values only; no nnsight, no Jupyter."""
