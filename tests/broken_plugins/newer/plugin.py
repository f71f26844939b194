"""At fault itself in nothing."""


class Newer:
    """Nothing."""


plugin = Newer()
