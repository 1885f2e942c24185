"""LocalStack without Docker: the plugin, and an example that shows that it works."""
