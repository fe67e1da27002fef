"""Types the console examples of the pages again, and writes what the terminal shows into them.

    python tests/docs/retype.py

Read the difference before you commit it: whatever it shows is what users will see.
"""

import tempfile
from pathlib import Path

from doc_tools import WRITTEN, examples, is_install, make_folder, same_elsewhere, typed


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_folder(folder)
        for page in WRITTEN:
            for example in examples(page, "console"):
                if is_install(example):
                    continue
                shown = typed(example, folder)
                if same_elsewhere(shown) != same_elsewhere(example.code):
                    print(f"changed: {example}")
                    text = page.read_text("utf-8")
                    block = f"```console\n{example.code}```"
                    page.write_text(text.replace(block, f"```console\n{shown}```", 1), "utf-8")


if __name__ == "__main__":
    main()
