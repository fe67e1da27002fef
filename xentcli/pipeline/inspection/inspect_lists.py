"""What files hold whose rows list their most probable classes, and the command that fits them."""

import shlex
from collections.abc import Sequence
from dataclasses import replace

from xentcli.formats.top_lists import packed_names, top_keys
from xentcli.pipeline.inspection.inspect import FoundArray
from xentcli.pipeline.inspection.looks import NOT_READ


def of_lists(path: str, found: Sequence[FoundArray]) -> list[FoundArray] | None:
    """Return what a file of lists of classes holds, with its command; None for any other file."""
    names = [each.summary.name for each in found if each.summary.name]
    keys = top_keys(names)
    if keys is None:
        return _of_pairs(path, found, names)
    command = f"xent nll {shlex.quote(path)}{'' if keys.labels else ' LABELS'}"
    looks = {
        keys.values: "the largest of each row",
        keys.indices: "their classes",
        keys.log_sum_exp: "log-sum-exp",
        keys.labels: "labels",
        keys.mask: "mask",
        keys.num_classes: "number of classes",
    }
    return [
        each._replace(
            summary=replace(each.summary, looks_like=looks[each.summary.name], fits=command)
        )
        if each.summary.name in looks
        else each
        for each in found
    ]


def _of_pairs(
    path: str, found: Sequence[FoundArray], names: Sequence[str]
) -> list[FoundArray] | None:
    """Return what a file holds whose lists are of pairs, or compressed; None for any other."""
    looks: dict[str | None, str] = dict.fromkeys(packed_names(names), "compressed by DistillKit")
    command = None
    for each in found:
        name, dtype = each.summary.name, each.summary.dtype or ""
        unread = each.summary.looks_like == NOT_READ and (
            "struct<" in dtype or len(each.summary.shape or ()) > 2
        )
        if unread and name is not None and name.endswith("logprobs"):
            labels = "labels" if "labels" in names else "input_ids"
            looks[name] = "pairs of a token and its log-probability"
            command = f"xent nll {shlex.quote(path)} --shift 1 --label-key {labels}"
    if not looks:
        return None
    return [
        each._replace(
            summary=replace(
                each.summary,
                looks_like=looks.get(each.summary.name, each.summary.looks_like),
                fits=command if each.summary.name in looks else None,
            )
        )
        for each in found
    ]
