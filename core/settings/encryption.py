"""Encrypts what is kept at rest, under keys that are derived from the installation's secret key, one a purpose."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from core.settings.models import Settings
from core.settings.secret_key import secret_key


class Undecipherable(Exception):
    """A text was encrypted under a key that the installation no longer has, or was changed."""


class Cipher:
    """Encrypts and decrypts texts for one purpose.

    What was encrypted under `secret_key_previous` is still read; what is written is under `secret_key`.
    """

    def __init__(self, settings: Settings, purpose: str) -> None:
        keys = [secret_key(settings), *([settings.secret_key_previous] if settings.secret_key_previous else [])]
        self._fernet = MultiFernet([Fernet(_derive(key, purpose)) for key in keys])

    def encrypt(self, text: str) -> str:
        """The text as it may be stored; another one each time."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        """The text that was encrypted.

        Raises:
            Undecipherable: No key of the installation fits.
        """
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken as error:
            raise Undecipherable("It was encrypted under another secret key.") from error


def _derive(key: SecretStr, purpose: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"switchroom:{purpose}".encode())
    return base64.urlsafe_b64encode(derived.derive(key.get_secret_value().encode()))
