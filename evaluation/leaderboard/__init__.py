"""The leaderboard of the memory benchmark: result files as a table and a page."""
