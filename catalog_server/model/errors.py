"""The small tree of errors that every floor raises and each facade translates by one table.

CatalogError
├── NotFound            the thing does not exist, or the caller may not see it
├── AlreadyExists       a name is taken
├── Invalid             what was sent makes no sense; names the field
├── NotEmpty            a container still holds things
├── Conflict            a compare-and-set found another version
├── Denied              the caller may not do this
├── Unsupported         understood, but not served
├── Unavailable         try again later, nothing was done
├── TimedOut            a limit of time was reached and the work was ended
├── Cancelled           somebody asked for the work to stop
└── OutcomeUnknown      nobody can tell whether the change was made
"""

from __future__ import annotations


class CatalogError(Exception):
    """Root of all errors that a client may see; `message` names the thing and what was wrong with it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(CatalogError):
    """The named thing does not exist (or must look as if it did not)."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name} not found")
        self.kind = kind
        self.name = name


class AlreadyExists(CatalogError):
    """The name is taken; names are compared without regard to case."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name} already exists")
        self.kind = kind
        self.name = name


class Invalid(CatalogError):
    """A field of what was sent cannot be accepted."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class InvalidQuery(Invalid):
    """A statement cannot be understood; `line` and `column` count from 1."""

    def __init__(self, reason: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"line {line}:{column}", reason)
        self.line = line
        self.column = column


class NotEmpty(CatalogError):
    """A database or catalog that still holds things was to be dropped without cascade."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name} is not empty")
        self.kind = kind
        self.name = name


class Conflict(CatalogError):
    """A compare-and-set found something else than it expected; nothing was changed."""

    def __init__(self, name: str, expected: str, found: str) -> None:
        super().__init__(f"{name} has been modified: expected {expected}, found {found}")
        self.name = name
        self.expected = expected
        self.found = found


class RequirementFailed(Conflict):
    """A requirement of an Iceberg commit did not hold; `message` is worded as Iceberg's own."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name, "", "")
        self.args = (message,)
        self.message = message


class Overtaken(Conflict):
    """What happened since does not let it be done; `message` says what that was."""

    def __init__(self, message: str) -> None:
        super().__init__("", "", "")
        self.args = (message,)
        self.message = message


class Denied(CatalogError):
    """The caller may see the thing but not do this to it."""

    def __init__(self, action: str, name: str) -> None:
        super().__init__(f"not allowed to {action} {name}")
        self.action = action
        self.name = name


class Unsupported(CatalogError):
    """Understood, but this server (or this kind of thing) does not do it."""


class Unavailable(CatalogError):
    """Something this server needs does not answer; nothing was changed and a later try may succeed."""


class TimedOut(CatalogError):
    """The work was ended because it took longer than its limit."""


class Cancelled(CatalogError):
    """The work was ended because somebody asked for it."""


class OutcomeUnknown(CatalogError):
    """Whether the change was made cannot be told: neither success nor failure may be reported."""
