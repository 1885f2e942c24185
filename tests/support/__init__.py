"""What tests share: database fixtures and builders."""
