"""Its template `fragments/problem.html` would have the name of one of core's."""


class Fragments:
    """The fault is in the name."""


plugin = Fragments()
