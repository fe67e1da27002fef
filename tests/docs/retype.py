"""Types the console examples of the pages again, and writes what the terminal shows into them.

    python tests/docs/retype.py

Read the difference before you commit it: whatever it shows is what users will see.
"""

import sys
import tempfile
from pathlib import Path


def main() -> None:
    sys.path.append(str(Path(__file__).parents[1]))  # as pytest does
    from doc_tools import WRITTEN, command_in, examples, is_install, same_elsewhere, typed

    with tempfile.TemporaryDirectory() as name, command_in(Path(name)):
        for page in WRITTEN:
            for example in examples(page, "console"):
                if is_install(example):
                    continue
                shown = typed(example, Path(name))
                if same_elsewhere(shown) != same_elsewhere(example.code):
                    print(f"changed: {example}")
                    text = page.read_text("utf-8")
                    block = f"```console\n{example.code}```"
                    page.write_text(text.replace(block, f"```console\n{shown}```", 1), "utf-8")


if __name__ == "__main__":
    main()
