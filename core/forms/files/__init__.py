"""Files that are given as answers: how they come in, where they lie, who gets them, when they go."""
