"""The benchmark runs, in small."""
