"""Tests on the deployed template: what a producer does, what an operator sees."""
