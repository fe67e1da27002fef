"""Explains errors of the drivers of URLs: what is wrong, and what to do about it.

A service's own words about access are not passed on, since some services name keys in them.
"""

from collections.abc import Iterator
from typing import Any

from xentcli.errors import missing_library
from xentcli.text import shown_url

EXTRA = "remote"
"""The extra of this package that brings fsspec and aiohttp."""
PATIENCE_SECONDS = 20
"""How long to wait for the next byte."""
EXTRA_OF_S3 = "s3"
"""The extra that brings s3fs, and these."""

_Reason = tuple[str, str | None]

_NETWORK = "is the network up, the host's name right, and a proxy's?"
_LET_IN = "has a signed URL expired? https://USER:PASSWORD@HOST/FILE has a name and a password"
_KEYS = "AWS_PROFILE names credentials, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY have them"
_OTHERS = "other credentials: AWS_PROFILE; FSSPEC_S3_ANON=true reads what is public"
_EXPIRED: _Reason = "the credentials have expired", "log in again, or renew AWS_SESSION_TOKEN"
_REGION = "the bucket is in another region", "AWS_DEFAULT_REGION names the region of the bucket"
_BUSY = "the service was too busy at every try", None
_DENIED: _Reason = "access is denied", _OTHERS
_CODES: dict[str, _Reason] = {
    "NoSuchBucket": ("no such bucket", None),
    "NoSuchKey": ("no such file", None),
    "NoSuchVersion": ("no such version of the file", None),
    "AccessDenied": _DENIED,
    "AllAccessDisabled": _DENIED,
    "403": _DENIED,
    "401": _DENIED,
    "InvalidAccessKeyId": ("the service does not know this access key", _KEYS),
    "SignatureDoesNotMatch": ("the secret key is not the one of this access key", _KEYS),
    "InvalidToken": ("the service does not know this session token", _KEYS),
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "RequestTimeTooSkewed": ("this machine's clock differs too much from the service's", None),
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "InvalidObjectState": ("it is archived", "restore it first, where it is kept"),
    "SlowDown": _BUSY,
    "503": _BUSY,
}
"""The error codes of S3 services."""
_CUT: _Reason = "the connection was cut before all of it came", None
_KINDS: dict[str, _Reason] = {
    "TooManyRedirects": ("it is redirected again and again", None),
    "ClientPayloadError": _CUT,
    "ServerDisconnectedError": _CUT,
    "ConnectionClosedError": _CUT,
    "ClientConnectorCertificateError": ("the server's certificate is not trusted", None),
    "ClientConnectorSSLError": ("the server does not speak TLS", "is its address http://?"),
    "ClientConnectorDNSError": ("no such host is known", _NETWORK),
    "ClientConnectorError": ("nobody answers", _NETWORK),
    "EndpointConnectionError": ("nobody answers", "is AWS_ENDPOINT_URL right, and the network up?"),
    "NoCredentialsError": ("no credentials were found", _KEYS),
    "PartialCredentialsError": ("half of the credentials are missing", _KEYS),
    "ProfileNotFound": ("AWS_PROFILE names no profile of this machine", "aws configure list"),
    "CredentialRetrievalError": ("the provider of the credentials failed", _KEYS),
    "ParamValidationError": ("this is not the name of a bucket", None),
    "SSOError": _EXPIRED,
    "LoginError": _EXPIRED,
    "TokenRetrievalError": _EXPIRED,
}
"""Exceptions of aiohttp and botocore, by the names of their classes."""


def reason_of(error: Exception) -> _Reason:
    """Return what is wrong when a driver raises an exception, and what to do about it."""
    for each in _chain(error):
        if _is_silence(each):
            return f"nothing came for {PATIENCE_SECONDS} seconds", None
        if code := code_of(each):
            return _CODES.get(code, (f"the service answers {_answer(each, code)}", None))
        kind = next((cls.__name__ for cls in type(each).__mro__ if cls.__name__ in _KINDS), None)
        if kind:
            what, hint = _KINDS[kind]
            return what + _place(each), hint
    return _in_its_words(error)


def _is_silence(error: BaseException) -> bool:
    of_botocore = type(error).__name__ in ("ConnectTimeoutError", "ReadTimeoutError")
    return of_botocore or (isinstance(error, TimeoutError) and not error.strerror)


def code_of(error: BaseException) -> str:
    """Return the code of an S3 service's answer if the exception has one, else an empty text."""
    response: Any = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def _answer(error: Any, code: str) -> str:
    """Return a code with its meaning if it is a number, else the code alone."""
    meaning = error.response["Error"].get("Message", "") if code.isdigit() else ""
    return f"{code} {meaning}".strip()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and its causes, of which no chain is endless."""
    while error is not None:
        yield error
        error = error.__cause__


def _place(error: Any) -> str:
    """Return the address where nobody answered, if it is not that of the URL."""
    endpoint = getattr(error, "kwargs", {}).get("endpoint_url")
    if type(error).__name__ != "EndpointConnectionError" or not endpoint:
        return ""
    return " at " + "/".join(shown_url(str(endpoint)).split("/")[:3])


def _in_its_words(error: Exception) -> _Reason:
    """Return what is wrong in the words of the exception, or of its cause."""
    source: Any = error
    if isinstance(error, FileNotFoundError):
        if error.__cause__ is None:
            return "no such file", None
        source = error.__cause__  # fsspec calls any trouble of HTTP a missing file
    if getattr(source, "status", None):
        hint = _LET_IN if source.status in (401, 403) else None
        return f"{source.status} {source.message}".strip(), hint
    text = (
        " ".join(str(getattr(source, "strerror", None) or source).split()) or type(source).__name__
    )
    if text[1:2].islower():
        text = text[0].lower() + text[1:]
    for module, extra in {"aiohttp": EXTRA, "s3fs": EXTRA_OF_S3}.items():
        if isinstance(error, ImportError) and module in text:
            return text, missing_library("a URL", module, extra).hint
    return text, None
