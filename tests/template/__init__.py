"""Tests of template.yaml as it is written: no network, no LocalStack."""
