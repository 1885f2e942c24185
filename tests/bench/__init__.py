"""Benchmarks: programs to be run by hand or by a make target, never timed tests."""
