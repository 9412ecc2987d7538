"""How does a client connect? Directly to a server on this machine, otherwise through the proxies of the environment."""

from __future__ import annotations

import ipaddress
import os
import ssl
from dataclasses import dataclass
from typing import Any, Callable, Optional, TypeVar, Union

import httpx

from ._errors import ValidationError, invalid

Client = TypeVar("Client")

_DEFAULT_URL = "http://localhost:8080"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True)
class Server:
    """The URL of a server, with the key and the timeout of every request."""

    url: httpx.URL
    key: Optional[str]
    timeout: Optional[float]

    @classmethod
    def of(cls, base_url: Optional[str], api_key: Optional[str], timeout: Optional[float]) -> Server:
        number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
        if timeout is not None and not (number and 0 < timeout < float("inf")):
            raise invalid("timeout", "must be a number of seconds above 0, or None for no limit")
        url = _url(*_setting(base_url, "base_url", "OPENMEMORY_URL"))
        return cls(url, _key(*_setting(api_key, "api_key", "OPENMEMORY_API_KEY")), timeout)

    def client(self) -> httpx.Client:
        return _create(
            lambda: httpx.Client(
                transport=httpx.HTTPTransport(verify=self._verify) if self._is_local else None, **self._options
            )
        )

    def async_client(self) -> httpx.AsyncClient:
        return _create(
            lambda: httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(verify=self._verify) if self._is_local else None, **self._options
            )
        )

    @property
    def _options(self) -> dict[str, Any]:
        headers = {"accept": "application/json", **({"x-api-key": self.key} if self.key else {})}
        return {"base_url": self.url, "headers": headers, "timeout": self.timeout}

    @property
    def _verify(self) -> Union[ssl.SSLContext, bool]:
        """Loading certificates is slow, so without TLS an empty context takes their place."""
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if self.url.scheme == "http" else True

    @property
    def _is_local(self) -> bool:
        """Whether the server is on this machine, where a proxy cannot reach it. A custom transport uses no proxies."""
        host = self.url.host.rstrip(".")
        if host == "localhost" or host.endswith(".localhost"):
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return (mapped or address).is_loopback or (mapped or address).is_unspecified


def _create(make: Callable[[], Client]) -> Client:
    try:
        return make()
    except ImportError:
        problem = "names a SOCKS proxy, which needs a package: pip install 'httpx[socks]', or unset the variable"
        raise invalid(_proxy_variable(), problem) from None
    except (ValueError, httpx.InvalidURL) as cause:
        raise invalid(_proxy_variable(), f"names a proxy that cannot be used: {cause}") from cause
    except OSError as cause:
        problem = f"the certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be used: {cause}"
        raise ValidationError("INVALID_ARGUMENT", problem, status=400) from cause


def _proxy_variable() -> str:
    """The variable whose proxy scheme is neither HTTP nor HTTPS."""
    schemes = {name: os.environ.get(name, "").partition("://")[0].lower() for name in _PROXIES}
    return next((name for name, scheme in schemes.items() if scheme not in ("", "http", "https")), "proxy")


def _setting(given: Optional[str], argument: str, variable: str) -> tuple[Optional[str], str]:
    """The value, with the name of the argument or variable that set it."""
    if given is None:
        return os.environ.get(variable) or None, variable
    if given == "":
        raise invalid(argument, f"must not be empty; leave it out to use {variable}")
    return given, argument


def _url(text: Optional[str], name: str) -> httpx.URL:
    try:
        url = httpx.URL(_DEFAULT_URL if text is None else text)
    except (TypeError, ValueError, httpx.InvalidURL):
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or url.host == "":
        raise invalid(name, f"must be an address such as {_DEFAULT_URL}")
    if url.query or url.fragment:
        raise invalid(name, "must end with its path")
    return url


def _key(text: Optional[str], name: str) -> Optional[str]:
    if text is not None and not (isinstance(text, str) and all("!" <= character <= "~" for character in text)):
        raise invalid(name, "must be printable ASCII without spaces")
    return text
