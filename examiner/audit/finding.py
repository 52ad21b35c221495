"""What the audit's lists hold."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """One entry, as a list of the audit names it; `detail` says what happened, for people."""

    notebook: str
    answer: str
    name: str
    detail: str = ""

    def as_json(self) -> dict[str, str]:
        """As `examiner audit --json` writes it."""
        found = {"notebook": self.notebook, "answer": self.answer, "name": self.name}
        return found | {"detail": self.detail} if self.detail else found
