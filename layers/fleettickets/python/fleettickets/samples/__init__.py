"""A made-up change stream that looks like the real one: pure, seeded, without a clock."""
