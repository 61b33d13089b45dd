"""Writes docs/policies anew: every policy as a document, in Chinese and English."""

import sys
from pathlib import Path

from services.commands.policy_document import Language, document
from services.compliance.policies.policy import load

FOLDER = Path("docs/policies")
ENDINGS: dict[Language, str] = {"zh": ".md", "en": ".en.md"}


def documents() -> dict[str, str]:
    """Give the text of every document by the name of its file."""
    return {
        f"{policy.id}{ending}": document(policy, language)
        for policy in load().all
        for language, ending in ENDINGS.items()
    }


def main() -> None:
    """Write all documents below the folder in which one stands."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (FOLDER / name).write_text(text, "utf-8")
        sys.stdout.write(f"{FOLDER / name}\n")


if __name__ == "__main__":
    main()
