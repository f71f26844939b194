"""Secrets that a plugin keeps in tables of its own, such as keys to sign with. Settings encrypt theirs themselves."""

from core.plugins.sealing import SecretLost, seal, unseal

__all__ = ["SecretLost", "seal", "unseal"]
