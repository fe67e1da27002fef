"""Values that are no logits or no probabilities, and what servers answer."""

import json

import numpy as np
from formulas import mean_cross_entropy

from hints.making import (
    HOT,
    LP,
    NAN,
    OF_BINARY,
    OF_PROBS,
    RIGHT,
    WORDS,
    Case,
    Files,
    Mended,
    P,
    Y,
    Z,
    cases,
)

SGLANG = {"input_token_logprobs": [[-1.0, 5, None]], "output_token_logprobs": [[-2.0, 6, None]]}
ECHO = json.dumps({"choices": [{"logprobs": {"token_logprobs": [None, -1.0, -2.0]}}]})

FILES: Files = {
    "nan.npy": np.array([[0, 0, 0], [NAN, 0, 0]]),
    "nan-lp.npy": np.where(np.arange(12).reshape(4, 3) == 4, NAN, LP),
    "hot.npy": HOT,
    "nan-b.npy": np.array([0.5, NAN, 1]),
    "percent.npy": Mended(P * 100, P),
    "tiny.npy": Mended(np.full(4, 1e-310), np.full(4, 0.5)),
    "picked.npy": np.array([-1.0, -2.0]),
    "picked-p.npy": np.array([0.5, 0.25]),
    "of-binary.json": '{"temperature": 2.0, "binary": true}',
    "of-rows.json": '{"temperature": 2.0, "binary": false}',
    "t.json": Mended('{"T": 2.0}', '{"temperature": 2.0}'),
    "both.jsonl": json.dumps({"meta_info": SGLANG}),
    "echo.jsonl": ECHO,
    "null.jsonl": ECHO.replace("-1.0, -2.0", "null"),
    "delta.jsonl": json.dumps({"type": "response.output_text.delta", "logprobs": [{}]}),
    "logprob.jsonl": json.dumps({"completion_probabilities": [{"logprob": -1.5}]}),
    "dict.jsonl": str({"choices": [{"logprobs": {"content": []}}]}),
    "prob.jsonl": json.dumps({"completion_probabilities": [{"prob": 0.5}]}),
    "probs.jsonl": json.dumps({"completion_probabilities": [{"probs": []}]}),
    "raw.jsonl": json.dumps({"completion_probabilities": [{"logprob": 1.5}]}),
}
CASES = [
    *cases(
        NAN,
        """
        nll nan-lp.npy y.npy
            --non-finite propagate computes on with it
        nll nan-lp.npy hot.npy
            --non-finite propagate computes on with it
        loss nan-b.npy by.npy --binary
            --non-finite propagate computes what PyTorch does: NaN
        """,
    ),
    *cases(
        RIGHT,
        """
        nll --probs z.npy y.npy
            if these are logits: xent loss LOGITS LABELS
        eval --probs z.npy y.npy --metric loss
            if these are logits: xent eval LOGITS LABELS
        loss z.npy y.npy --sample-weight tiny.npy
            write weights between 1e-144 and 1e144
        """,
    ),
    *cases(
        OF_PROBS,
        """
        nll --probs lp.npy y.npy
            these look like log-probabilities: --log-probs FILE
        nll --probs percent.npy y.npy
            if these are percents, divide them by 100
        """,
    ),
    *cases(
        OF_BINARY,
        """
        nll --probs b.npy by.npy --binary
            if these are logits: xent loss --binary LOGITS LABELS
        """,
    ),
    *cases(
        1.5,
        """
        nll --probs picked.npy --picked
            log-probabilities: --log-probs FILE
        nll echo.jsonl
            if nothing was generated (max_tokens 0): --tokens prompt
        nll logprob.jsonl --tokens prompt
            --tokens generated
        """,
    ),
    *cases(
        WORDS,
        """
        calibrate --probs b.npy by.npy --binary
            if these are logits: xent calibrate --binary LOGITS LABELS
        nll null.jsonl --tokens prompt
            ask the server for logprobs
        nll delta.jsonl
            ask the server for logprobs; those of a stream are in its last event, response.completed
        loss echo.jsonl y.npy
            xent nll echo.jsonl
        nll dict.jsonl
            write json.dumps of its dict
        nll prob.jsonl
            ask llama.cpp's server without post_sampling_probs
        nll probs.jsonl
            ask a newer server of llama.cpp, whose n_probs gives logprob
        nll raw.jsonl
            are these raw logits? vLLM gives raw_logprobs where its logprobs-mode says so
        calibrate --probs z.npy y.npy
            if these are logits: xent calibrate LOGITS LABELS
            LOGITS -> z.npy
            LABELS -> y.npy
        loss z.npy y.npy --temperature of-binary.json
            xent calibrate LOGITS LABELS fits the one of this loss
            LOGITS -> z.npy
            LABELS -> y.npy
        loss b.npy by.npy --binary --temperature of-rows.json
            xent calibrate --binary LOGITS LABELS fits the one of this loss
            LOGITS -> b.npy
            LABELS -> by.npy
        """,
    ),
    Case(
        "softmax nan.npy",
        "--non-finite propagate computes what PyTorch does: NaN",
        [[1 / 3] * 3, [NAN] * 3],
    ),
    Case(
        "softmax nan.npy --axis 0",
        "--non-finite propagate computes what PyTorch does: NaN",
        [[NAN, 0.5, 0.5], [NAN, 0.5, 0.5]],
    ),
    Case(
        "nll --log-probs picked-p.npy --picked", "probabilities: --probs FILE", -np.log(0.125) / 2
    ),
    Case(
        "loss z.npy y.npy --temperature t.json",
        "a temperature is a number, or stands in what calibrate -o FILE.json wrote",
        mean_cross_entropy(Z / 2, Y),
    ),
    Case(
        "compare z.npy z.npy --input probs --metric kl", "if these are logits: --input logits", 0.0
    ),
    Case("nll both.jsonl", "--tokens prompt or --tokens generated", 1.0, other={"generated": 2.0}),
]
