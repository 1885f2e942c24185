"""Tests of the Lambda functions against a real database, a store and a queue."""
