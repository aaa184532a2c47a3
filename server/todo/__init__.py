"""待处理: what waits for a person at the county, what is proposed, and what a decision does."""
