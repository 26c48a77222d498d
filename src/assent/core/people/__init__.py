"""Who decides: people, the groups they stand in, and what they let others decide for them."""
