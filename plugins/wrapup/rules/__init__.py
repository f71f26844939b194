"""Rules: what follows the contacts of each queue, in each direction."""
