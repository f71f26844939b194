"""What is done to a tenant as a whole: suspended, resumed, cloned, exported, deleted."""
