"""Agents: teams, the three axes of an agent's state, and the status that people see."""
