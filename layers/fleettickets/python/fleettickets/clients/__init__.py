"""Input and output other than the database: buckets, geocoders, secrets."""
