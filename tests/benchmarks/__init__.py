"""How fast MesoClinic is at the size of a big clinic: `make bench`, described in docs/benchmarks.md."""
