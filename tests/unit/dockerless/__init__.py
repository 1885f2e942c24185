"""Tests of the LocalStack plugin, as far as it can be tested without LocalStack."""
