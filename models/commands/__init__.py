"""The larger commands of python -m models, a file each: what they take and what they print."""
