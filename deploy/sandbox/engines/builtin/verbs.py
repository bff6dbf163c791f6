"""The verbs: each request finds its function here; errors are translated once."""

import hashlib
import os
from collections.abc import Callable
from typing import Any

from deploy.sandbox.engines.builtin.channel import Channel, Closed, Silent
from deploy.sandbox.engines.builtin.disk import CHUNK, open_shared, remove_tree
from deploy.sandbox.engines.builtin.facts.facts import gather
from deploy.sandbox.engines.builtin.faults import wire_error
from deploy.sandbox.engines.builtin.journal_file import journal_path
from deploy.sandbox.engines.builtin.primitives.probe import probe
from deploy.sandbox.engines.builtin.primitives.table import primitive_of
from deploy.sandbox.engines.builtin.request import Request, discard_streams, read_stream, save_streams
from deploy.sandbox.engines.builtin.run_lock import RunLock
from deploy.sandbox.engines.builtin.step import Step, check_expectation, checked_steps
from deploy.sandbox.engines.builtin.submission import Submission, Transactions, checked_tx
from deploy.sandbox.engines.builtin.world import Call, World
from deploy.wire.errors import WireError
from deploy.wire.frames import FrameError

Result = dict[str, Any]
DEFAULT_AWAIT_S = 60
MAX_READ = 1024 * 1024
MAX_KEY = 4096


class StepFailed(Exception):  # noqa: N818
    """A step of `apply` failed; carries the answer's error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.error = error


class Verbs:
    """Answers requests on one channel."""

    def __init__(self, world: World, channel: Channel) -> None:
        self._world, self._channel = world, channel
        self._lock = RunLock(world)
        self._transactions = Transactions(world, channel.ended.is_set)
        self._reading: dict[str, Callable[[Request], Result | None]] = {
            "facts": self._facts,
            "probe": lambda request: probe(request.args),
            "file.read": self._read_file,
            "tx.read": lambda request: self._transactions.read(*_position(request)),
            "tx.follow": self._follow,
            "tx.cancel": self._cancel,
            "lock.acquire": lambda request: self._lock.acquire(request.args),
        }
        self._mutating: dict[str, Callable[[Request], Result | None]] = {
            "lock.release": self._release,
            "apply": self._apply,
            "tx.submit": self._submit,
        }
        self._streams_taken = True

    def answer(self, request: Request) -> None:
        """Carries out one request and sends its one answer; its data streams are off the wire afterwards."""
        self._streams_taken = request.streams == 0
        try:
            result = self._function(request)(request)
        except (FrameError, BrokenPipeError, Closed, Silent):
            raise
        except StepFailed as exc:
            self._refuse(request, exc.error)
        except Exception as exc:  # noqa: BLE001  # a defect is answered as `internal`, not with a dead worker
            self._refuse(request, wire_error(exc).as_json())
        else:
            self._discard(request)
            if result is not None:
                self._channel.answer(request.seq, result)

    def _function(self, request: Request) -> Callable[[Request], Result | None]:
        if request.verb in self._mutating:
            self._lock.require(request.run, request.epoch)
            return self._mutating[request.verb]
        try:
            return self._reading[request.verb]
        except KeyError:
            raise WireError("bad-request", f"there is no verb {request.verb!r}") from None

    def _refuse(self, request: Request, error: dict[str, Any]) -> None:
        self._discard(request)
        self._channel.refuse(request.seq, error)

    def _discard(self, request: Request) -> None:
        if not self._streams_taken:
            discard_streams(self._channel, request)
            self._streams_taken = True

    def _save(self, request: Request, folder: str) -> None:
        self._streams_taken = True
        if (error := save_streams(self._world, self._channel, request, folder)) is not None:
            raise error

    def _facts(self, request: Request) -> Result:
        key = b""
        if request.streams == 1:
            self._streams_taken = True
            key = b"".join(read_stream(self._channel, request.seq))
        if len(key) > MAX_KEY or (request.args.get("secrets") and not key):
            raise WireError("bad-request", "facts: secrets need their digest's key as one data stream")
        return gather(self._world, request.args, key)

    def _read_file(self, request: Request) -> None:
        path = self._world.disk.local(request.args.get("path"))
        most = request.args.get("max_bytes", MAX_READ)
        if type(most) is not int or most < 0:
            raise WireError("bad-request", f"file.read: max_bytes {most!r} is no number of bytes")
        if not path.is_file():
            raise WireError("missing", f"{request.args['path']} is no file on this host")
        with open_shared(path) as source:
            size = os.fstat(source.fileno()).st_size
            if size > most:
                raise WireError("bad-request", f"{request.args['path']} is too large", expected=most, actual=size)
            digest, left = hashlib.sha256(), size
            while left and (chunk := source.read(min(left, CHUNK))):
                digest.update(chunk)
                left -= len(chunk)
            source.seek(0)
            # Logs grow: what is sent is exactly what was hashed.
            self._channel.answer(request.seq, {"size": size - left, "sha256": digest.hexdigest()})
            self._channel.stream(request.seq, source, size - left)

    def _release(self, _request: Request) -> Result:
        self._lock.release()
        return {}

    def _apply(self, request: Request) -> Result:
        steps = checked_steps(request.args.get("steps"), request.streams)
        folder = rf"{self._world.layout.incoming}\{os.getpid()}-{request.seq}"
        try:
            self._save(request, folder)
            return {"results": self._apply_each(steps, folder, dry=bool(request.args.get("dry")))}
        finally:
            remove_tree(self._world.disk.local(folder))

    def _apply_each(self, steps: list[Step], folder: str, *, dry: bool) -> list[Result]:
        results: list[Result] = []
        for step in steps:
            try:
                results.append(self._apply_one(step, folder, dry=dry))
            except Exception as exc:  # translated, with what was done so far
                raise StepFailed({**wire_error(exc).as_json(), "where": step["id"], "done": results}) from exc
        return results

    def _apply_one(self, step: Step, folder: str, *, dry: bool) -> Result:
        check_expectation(self._world, step)
        primitive = primitive_of(step)
        deadline = self._world.clock.now() + step["deadline_s"]
        call = Call(step["args"], self._world.disk.local(folder), deadline)
        change = (primitive.check if dry else primitive.act)(self._world, call)
        return {"id": step["id"], "changed": change.changed, "detail": change.detail}

    def _submit(self, request: Request) -> Result:
        tx = checked_tx(request.args.get("tx"))
        steps = checked_steps(request.args.get("steps"), request.streams)
        await_s = request.args.get("await_s", DEFAULT_AWAIT_S)
        if type(await_s) not in {int, float} or await_s < 0:
            raise WireError("bad-request", f"tx.submit: await_s {await_s!r} is no number of seconds")
        if not steps:
            raise WireError("bad-request", "tx.submit: there are no steps")
        self._transactions.require_none_open(tx)
        folder = rf"{self._world.layout.transactions}\{tx}.d"
        try:
            self._world.private_folder(folder)
            self._save(request, folder)
            self._transactions.submit(Submission(tx, str(request.run), int(request.epoch or 0), steps, await_s))
        finally:
            if not journal_path(self._world, tx).exists():
                remove_tree(self._world.disk.local(folder))
        if not request.args.get("follow", True):
            return self._transactions.read(tx, 0)
        return self._follow_from(request.seq, tx, 0)

    def _follow(self, request: Request) -> Result:
        return self._follow_from(request.seq, *_position(request))

    def _follow_from(self, seq: int, tx: str, after: int) -> Result:
        def progress(records: list[dict[str, Any]]) -> None:
            self._channel.event(seq, {"event": "progress", "tx": tx, "records": records})

        return self._transactions.follow(tx, after, progress)

    def _cancel(self, request: Request) -> Result:
        self._lock.require_record(request.run, request.epoch)
        self._transactions.cancel(checked_tx(request.args.get("tx")))
        return {}


def _position(request: Request) -> tuple[str, int]:
    after = request.args.get("after", 0)
    if type(after) is not int or after < 0:
        raise WireError("bad-request", f"after: {after!r} is no number of records")
    return checked_tx(request.args.get("tx")), after
