"""Changes: what an agent hands in, how it is reviewed, partly accepted, and what may be merged."""
