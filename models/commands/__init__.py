"""The larger commands of python3 -m models, a file each: what they take and what they print."""
