"""What drivers raise, as one line that says what is wrong and shows nobody's keys."""

import re
from importlib import import_module
from typing import Any

import pytest

from xentcli.errors import InputError
from xentcli.storage.remote import telling

CODES = {
    "NoSuchBucket": "no such bucket",
    "NoSuchKey": "no such file",
    "AccessDenied": "access is denied; hint: other credentials",
    "403": "access is denied; hint: other credentials",
    "InvalidAccessKeyId": "the service does not know this access key; hint: AWS_PROFILE names",
    "SignatureDoesNotMatch": "the secret key is not the one of this access key; hint: AWS_PROFILE",
    "ExpiredToken": "the credentials have expired; hint: log in again",
    "SlowDown": "the service was too busy at every try",
    "QuotaExceeded": "the service answers QuotaExceeded; hint: None",
    "400": "the service answers 400 Bad Request; hint: None",
}
ENDPOINT = "http://user:KEY@host:1/bucket/a.npy?X-Amz-Signature=KEY"
KINDS = {
    ("NoCredentialsError",): "no credentials were found; hint: AWS_PROFILE names",
    ("ProfileNotFound", "profile"): "AWS_PROFILE names no profile",
    ("UnauthorizedSSOTokenError",): "the credentials have expired",
    ("ParamValidationError", "report"): "this is not the name of a bucket",
    ("EndpointConnectionError", "endpoint_url"): "nobody answers at http://host:1; hint: is AWS_",
    ("ReadTimeoutError", "endpoint_url"): "nothing came for 20 seconds",
}


def told(error: Exception) -> str:
    with pytest.raises(InputError) as caught, telling(InputError, "s3://bucket/a.npy", "read"):
        raise error
    return f"{caught.value.message}; hint: {caught.value.hint}"


def test_what_services_and_drivers_say() -> None:
    # Here, since every process that collects the tests would take half a second for them.
    botocore: Any = import_module("botocore.exceptions")
    s3fs: Any = import_module("s3fs.errors")

    cases: list[tuple[Exception, str]] = []
    for code, says in CODES.items():
        message = "Bad Request" if code.isdigit() else "said of KEY"
        error = botocore.ClientError({"Error": {"Code": code, "Message": message}}, "GetObject")
        cases.append((s3fs.translate_boto_error(error), says))
    for (name, *words), says in KINDS.items():
        kind = getattr(botocore, name)
        cases.append((kind(**dict.fromkeys(words, ENDPOINT)), says))
    for error, says in cases:
        got = told(error)
        assert got.startswith(f"s3://bucket/a.npy: cannot be read: {says}"), got
        assert "\n" not in got
        assert not re.search(r"(?<!_)KEY", got), got
