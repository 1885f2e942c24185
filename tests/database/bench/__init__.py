"""The benchmarks run on small work, so that they cannot rot."""
