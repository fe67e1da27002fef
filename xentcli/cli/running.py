"""How a command runs: with freed memory kept, and with a progress bar if somebody watches."""

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from xentcli.cli.options import Common
from xentcli.cli.process import keep_freed_memory
from xentcli.pipeline.opening import Source
from xentcli.pipeline.run import Run


@contextmanager
def running(common: Common, source: Source, *, grouped: bool) -> Iterator[Run]:
    """Yield how many workers compute, and where; and tell their notes afterwards."""
    keep_freed_memory(grouped=grouped)
    run = common.how
    if common.quiet or sys.stderr is None or not sys.stderr.isatty():
        yield run
    else:
        from xentcli.render.progress import progress_bar

        tokens = math.prod(n or 1 for n in source.shape[1:-1]) if source.of_tokens else None
        with progress_bar(common.color, source.size, tokens) as progress:
            yield run._replace(progress=progress)
    common.tell_notes(run.notes)
