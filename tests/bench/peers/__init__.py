"""Other loaders, on the same change files as the product."""
