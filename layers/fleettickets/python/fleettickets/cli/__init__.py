"""The command line: it reads arguments and settings, calls the jobs, and shows what they did."""
