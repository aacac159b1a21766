"""Print the one command of README.md that stands under `<!-- run: NAME -->`.

    python .ci/readme_command.py tests

.ci/run executes what this prints, so what README promises and what CI proves cannot drift apart. Anything unclear
(no marker, two of them, no fenced block right below, more than one command in it) ends with exit status 1 and one
line that says what is wrong: a CI that runs nothing must not look like one that passed.
"""

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
FENCES = ("```sh", "```bash", "```console", "```")


def readme_command(text: str, name: str) -> str:
    """The command, with backslash continuations joined.  Raises ValueError where it is missing or not one command."""
    marker = f"<!-- run: {name} -->"
    lines = text.splitlines()
    places = [i for i, line in enumerate(lines) if line.strip() == marker]
    if len(places) != 1:
        raise ValueError(f"the line {marker} must stand there once; it was found {len(places)} times")
    below = lines[places[0] + 1 :]
    if not below or below[0].strip() not in FENCES:
        raise ValueError(f"a fenced block (```sh) must begin on the line below {marker}")
    try:
        end = next(i for i, line in enumerate(below[1:], start=1) if line.strip() == "```")
    except StopIteration:
        raise ValueError(f"the fenced block below {marker} is not closed") from None
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(below[1:end]))
    commands = [line.strip() for line in joined.splitlines() if line.strip()]
    if len(commands) != 1:
        raise ValueError(f"the block below {marker} must be one command to paste; it has {len(commands)}")
    return commands[0]


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python .ci/readme_command.py NAME", file=sys.stderr)
        return 2
    try:
        print(readme_command(README.read_text(encoding="utf-8"), sys.argv[1]))
    except (OSError, ValueError) as error:
        print(f"README.md: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
