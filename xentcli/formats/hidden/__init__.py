"""Hidden states of a language model, which are a source of logits once its head is at hand."""

from xentcli.errors import InputError
from xentcli.formats.base import ReadOptions, Source


def with_head(source: Source, options: ReadOptions) -> Source:
    """Return the logits of hidden states: their product with the head that the options name.

    What is only looked at stays as it is, with a note on the logits that it stands for; so do
    logits, where the options take these, too.

    Raises
    ------
    InputError
        If the head cannot be read, or the states are not of its width.
    """
    from xentcli.formats.hidden.head import head_of
    from xentcli.formats.hidden.source import HiddenSource, check_states

    if options.head is None:
        raise AssertionError("there is no head to multiply with")
    head = head_of(options.head)
    if options.head.or_logits and source.shape[-1:] == (head.classes,) != (head.width,):
        as_they_are = f"{source.name}: logits already, of as many classes as {head.what}"
        source.notes = [*source.notes, as_they_are]
        return source
    if options.any_columns:
        from xentcli.formats.hidden.estimate import estimate

        try:
            check_states(source, head, options.head)
        except InputError:
            return source
        source.notes = [*source.notes, estimate(source, head, options.head)]
        source.of_tokens = True
        return source
    return HiddenSource(source, head, options.head)
