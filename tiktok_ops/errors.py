"""The base of every refusal a person reads, and of those the API answers with a status of their own."""


class Refused(Exception):
    """This cannot be done."""

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence or (type(self).__doc__ or "").strip())


class NotThere(Refused):
    """There is no such thing, or it is not yours to see."""


class NotAllowed(Refused):
    """This is not yours to do."""


class Overtaken(Refused):
    """What is there now is not what you saw: look at it again."""
