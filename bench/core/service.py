"""Services: programs that answer HTTP, and what is measured of one."""

from __future__ import annotations

import enum
from typing import Annotated, Any

import msgspec

NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Path = Annotated[str, msgspec.Meta(pattern="^/")]


class ServiceMeasure(enum.StrEnum):
    """What one value of a service's benchmark is, in seconds.

    `COLD_START`: from the start of its process to its first answer to the health request.
    `LATENCY`: the median time a client waits for an answer, with `clients` of them asking at once.
    `THROUGHPUT`: wall time per answered request under the same load.
    `CPU`: CPU time that all threads of the service's processes spend on a request.
    """

    COLD_START = "cold-start"
    LATENCY = "latency"
    THROUGHPUT = "throughput"
    CPU = "cpu"


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request and the status it has to be answered with; `json` is sent as the body, if given.

    With `once` it is sent once, when the service is ready, and not measured: a login, a user.
    """

    name: NonEmpty
    method: NonEmpty = "GET"
    path: Path
    headers: dict[str, str] = {}
    json: Any = None
    status: int = 200
    once: bool = False


class ServiceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a target's service is started and asked.

    In `command` and `env`, `{port}` is a free port of the loopback interface and `{home}` the
    throwaway HOME. `requests` names a JSON file beside the target's TOML, a list of requests; when
    the target is loaded they become `request`.
    """

    command: Annotated[tuple[NonEmpty, ...], msgspec.Meta(min_length=1)]
    health: Path = "/"
    requests: str = ""
    request: tuple[Request, ...] = ()
    ready_timeout_s: Positive = 60.0
    request_timeout_s: Positive = 30.0
    env: dict[str, str] = {}


class ServiceUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a benchmark measures of its target's service.

    `only` names the requests that are sent; by default all of them, in turn. A value is of
    `repeats` of them by each client, or of a multiple where that would be short. `of` is filled in
    from the target's `[service]`, so that a benchmark's declaration is whole.
    """

    measure: ServiceMeasure
    clients: Annotated[int, msgspec.Meta(ge=1, le=256)] = 1
    only: tuple[str, ...] = ()
    repeats: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 10
    of: ServiceSpec | None = None

    def sent(self, loops: int) -> int:
        """How many requests clients send in so many loops of all values of a process together."""
        assert self.of is not None  # the catalogue puts it in
        measured = sum(not one.once for one in self.of.request)
        return measured * self.clients * self.repeats * loops

    def completed(self, service: ServiceSpec) -> ServiceUse:
        """The same of a service, with no more requests than are sent.

        Raises `ValueError` when there are none, or one that is named is not there.
        """
        measured = [one for one in service.request if not one.once]
        unknown = sorted(set(self.only) - {one.name for one in measured})
        if unknown:
            raise ValueError(f"only names {unknown[0]!r}, but [service] has no such request")
        sent = tuple(
            one for one in service.request if one.once or not self.only or one.name in self.only
        )
        if self.measure is ServiceMeasure.COLD_START:
            sent = ()
        elif not measured:
            raise ValueError(f"measure = {str(self.measure)!r} needs requests in [service]")
        return msgspec.structs.replace(self, of=msgspec.structs.replace(service, request=sent))
