"""People: who is here, who may change what about whom, and what they are known by."""
