"""A LocalStack plugin: Python functions as child processes, without Docker, and gaps closed."""
