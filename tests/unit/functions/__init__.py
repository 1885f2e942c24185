"""Tests of the Lambda functions on recorded events, without a server."""
