"""The pure rules: no driver, environment, clock or logger is imported below this package."""
