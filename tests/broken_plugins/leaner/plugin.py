"""At fault itself in nothing."""


class Leaner:
    """Nothing."""


plugin = Leaner()
