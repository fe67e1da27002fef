"""What is said where memory, and not the file, is what is missing."""

import pytest

from xentcli.cli.failures import as_xent_error
from xentcli.errors import InputError, XentError
from xentcli.formats.arrow.library import understood


@pytest.mark.parametrize(
    ("said", "message"),
    [("", "out of memory"), ("4 GiB for x\nof y", "out of memory: 4 GiB for x of y")],
)
def test_out_of_memory(said: str, message: str) -> None:
    error = as_xent_error(MemoryError(*filter(None, [said])))
    assert (error.message, error.exit_code) == (message, 1)
    assert error.hint


def test_a_library_that_is_there_and_cannot_be_loaded() -> None:
    """Nobody is told to install what is installed; what is not there is named."""
    problem = ImportError("libarrow.so: failed to map segment", name="pyarrow.lib")
    with pytest.raises(ImportError) as caught, understood("a.arrow", InputError, "reading arrow"):
        raise problem
    error = as_xent_error(caught.value)
    assert isinstance(error, XentError)
    assert error.message == "out of memory: libarrow.so cannot be loaded"
    assert "pip" not in str(error.hint)
    missing = ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")
    with (
        pytest.raises(InputError, match=r"a\.arrow: reading arrow needs pyarrow"),
        understood("a.arrow", InputError, "reading arrow"),
    ):
        raise missing
