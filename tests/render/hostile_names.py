"""Names of classes and groups that would break a page that trusts them."""

HOSTILE = (
    "<script>alert(1)</script>",
    "</title></style></svg><img src=x onerror=alert(1)>",
    '" onload="alert(1)',
    "cost in $a_b$ & $\\frac{1}{2}$",
    "$a_b$ & $x^2$",
    "{{ 7 * 7 }}{% raw %}",
    "\u202eright to left\u202c",
    "حيوان أليف",
    "a\x1b[31m\x00\x07\nb\ttab",
    "very long " * 20,
    "x" * 300,
    "",
    "猫と犬",
    "&lt;i&gt; &#60;",
    "\udcff lone surrogate",
    "]]><!-- --><![CDATA[",
    "http://example.com/a.png",
    "#1b1f24 url(http://example.com)",
)
