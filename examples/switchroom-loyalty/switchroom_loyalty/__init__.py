"""A loyalty programme: members, points and tiers, beside every call."""
