"""What a terminal shows of bases of llama-perplexity, whose numbers are often bounds."""

from cli_files import DATA
from cli_tools import Terminal

BASE, Q4 = DATA / "text_base.kld", DATA / "text_q4.kld"


def test_a_screen_of_a_bound_has_its_sign(terminal: Terminal) -> None:
    text = terminal("nll", BASE, columns=120).text
    assert ">= 1.4279 (98.3 % of rows exact, 1.7 % have a label at the floor)" in text
    assert "perplexity  >= 4.170277" in text
    text = terminal("compare", BASE, Q4, columns=120).text
    assert "KL >= 0.0154, perplexity >= 4.1702 -> >= 4.2942" in " ".join(text.split())
    narrow = terminal("compare", BASE, Q4, columns=80).text
    assert "…" not in narrow, "a number cut off is another number"
    assert sum(line.split()[-1] == "180" for line in narrow.splitlines() if line.strip()) > 30


def test_no_line_ends_within_a_bound(terminal: Terminal) -> None:
    """Columns of errors that no number has leave the numbers whole at 80 columns, too."""
    for columns in (60, 70, 80):
        lines = terminal("compare", BASE, Q4, "--metric", "kl", columns=columns).lines
        assert not any(line.endswith((">=", "->")) for line in lines), columns
    screen = terminal("compare", BASE, Q4, columns=80)
    assert "metric value ± n" in {" ".join(line.split()) for line in screen.lines}
    assert sum("with floors as values)" in line for line in screen.lines) == 4
    only_bounds = terminal("compare", BASE, Q4, "--metric", "kl", columns=80)
    assert "metric value n" in {" ".join(line.split()) for line in only_bounds.lines}
