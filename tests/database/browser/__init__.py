"""The preview page in a real browser, on a database with a little of everything."""
