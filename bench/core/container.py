"""Container images that are built from a revision's checkout, and what is measured of one."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec

NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Relative = Annotated[str, msgspec.Meta(pattern=r"^(?!/)(?!.*\.\.)\S")]

_PLACEHOLDERS = frozenset({"python", "root"})
SHIPPED = ".bench-image"  # where a target's own files are in the context of a build


class ContainerMeasure(enum.StrEnum):
    """What one value of a container's benchmark is, in seconds; each in a container of its own.

    `BUILD`: the image, no step of its own cached, the image it starts from there already.
    `REBUILD`: the same with all layers cached and one new file in the context.
    `CREATE`: a container, not started. `START`: the engine's `start`, until it returns.
    `FIRST_LINE`: from `start` to the first line of the first Python inside.
    `READY`: from there until the app says that it is ready.
    `EXIT`: from ready, when it is told to stop, until it is gone; of an app that ends by itself
    from its first line until it is gone.
    `COLD_START`: all of create, start and ready.
    `RUN`: `run`, from nothing until the container has ended by itself.
    `IMPORT`: importing the target's module in a new container, as its Python sees it.
    `READ`, `WRITE`: many small files, as the Python inside sees it, `where` they are.
    """

    BUILD = "build"
    REBUILD = "rebuild"
    CREATE = "create"
    START = "start"
    FIRST_LINE = "first-line"
    READY = "ready"
    EXIT = "exit"
    COLD_START = "cold-start"
    RUN = "run"
    IMPORT = "import"
    READ = "read-files"
    WRITE = "write-files"


class Where(enum.StrEnum):
    """Where files are that a container reads and writes.

    In its own layer, in a folder of the host (bind mount), in a volume of the engine's, or copied
    in before they are read and out after they were written (the copying is measured with it).
    """

    LAYER = "layer"
    BIND = "bind"
    VOLUME = "volume"
    COPY = "copy"


class Root(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A Debian root made by debootstrap, for images where no registry can be reached."""

    suite: Annotated[str, msgspec.Meta(pattern=r"^[a-z]+$")] = "bookworm"
    packages: tuple[NonEmpty, ...] = ("python3",)
    mirror: NonEmpty = "http://deb.debian.org/debian"


class ContainerSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a revision's image is built and what runs in it.

    `definition` and `context` are paths in the checkout. `shipped` is a folder beside the target's
    file that is put into the checkout as `.bench-image`, for a project without a definition
    (`shipped_digest`: of its files, when they were read). In values of `args`, which are handed to
    the build, `{python}` is the version a session is for and `{root}` the image of `root`.
    Without `command` the image's own is run. The app is ready when it writes a line that holds
    `ready_line`, or answers `GET` of `ready_http` (`PORT/PATH`, inside the container) with 200;
    with neither it ends by itself, with `exit_status`. `python` runs what is measured inside. With
    `network = "default"` a container gets the network its engine gives to any.
    """

    definition: Relative = "Dockerfile"
    context: Relative = "."
    shipped: Annotated[str, msgspec.Meta(pattern=r"^(?!/)(?!.*\.\.)")] = ""
    shipped_digest: str = ""
    args: dict[str, str] = {}
    engine: Literal["auto", "podman", "docker"] = "auto"
    root: Root | None = None
    command: tuple[NonEmpty, ...] = ()
    env: dict[str, str] = {}
    python: NonEmpty = "python3"
    network: Literal["none", "default"] = "none"
    ready_line: str = ""
    ready_http: Annotated[str, msgspec.Meta(pattern=r"^(\d+/\S*)?$")] = ""
    exit_status: int = 0

    def __post_init__(self) -> None:
        if self.ready_line and self.ready_http:
            raise ValueError("an app is ready by ready_line or by ready_http, not by both")
        for word in re.findall(r"\{([a-z]+)\}", " ".join(self.args.values())):
            if word not in _PLACEHOLDERS:
                raise ValueError(f"unknown placeholder {{{word}}} in args ({{python}}, {{root}})")
        if "{root}" in " ".join(self.args.values()) and self.root is None:
            raise ValueError("{root} is used in args, but there is no [container.root]")

    @property
    def ends_by_itself(self) -> bool:
        """Whether the app is a command that ends, and not one that serves until it is stopped."""
        return not (self.ready_line or self.ready_http)

    def filled_args(self, python: str, root: str) -> dict[str, str]:
        """The arguments of a build."""
        return {
            name: value.replace("{python}", python).replace("{root}", root)
            for name, value in self.args.items()
        }


class ContainerUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a benchmark measures of its target's image.

    `command` and `env` are this benchmark's, instead of the container's own and added to them.
    `files` is how many are read or written, `module` what is imported if not the target's own.
    `of` is filled in from the target's `[container]`, so that a benchmark's declaration is whole.
    """

    measure: ContainerMeasure
    where: Where | None = None
    files: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 2000
    command: tuple[NonEmpty, ...] = ()
    env: dict[str, str] = {}
    module: Annotated[str, msgspec.Meta(pattern=r"^(\w+(\.\w+)*)?$")] = ""
    of: ContainerSpec | None = None

    def __post_init__(self) -> None:
        if (self.measure in {ContainerMeasure.READ, ContainerMeasure.WRITE}) != (
            self.where is not None
        ):
            raise ValueError(
                '"where" belongs to the measures read-files and write-files, and both need it'
            )
        if self.module and self.measure is not ContainerMeasure.IMPORT:
            raise ValueError('"module" belongs to the measure import')

    def completed(self, container: ContainerSpec) -> ContainerUse:
        """The same of a container. Raises `ValueError` when that can't be measured of it."""
        command = self.command or container.command
        env = {**container.env, **self.env}
        of = msgspec.structs.replace(container, command=command, env=env)
        if self.measure is ContainerMeasure.READY and of.ends_by_itself:
            raise ValueError("measure = 'ready' needs ready_line or ready_http in [container]")
        if self.measure is ContainerMeasure.COLD_START and of.ends_by_itself:
            raise ValueError("measure = 'cold-start' needs ready_line or ready_http in [container]")
        if self.measure is ContainerMeasure.RUN and not of.ends_by_itself and not self.command:
            raise ValueError("measure = 'run' needs a command that ends by itself; this one serves")
        return msgspec.structs.replace(self, command=(), env={}, of=of)

    def filled(self, fill: Callable[[tuple[str, ...]], tuple[str, ...]]) -> ContainerUse:
        """The same with placeholders of the command and of variables filled in."""
        assert self.of is not None  # the catalogue puts it in
        env = dict(zip(self.of.env, fill(tuple(self.of.env.values())), strict=True))
        of = msgspec.structs.replace(self.of, command=fill(self.of.command), env=env)
        return msgspec.structs.replace(self, of=of)
