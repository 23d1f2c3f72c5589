"""Runs commands one by one and measures each; a process of its own, and a small one.

Linux counts what a parent has in memory at the fork as its child's peak, so whoever measures
memory must be smaller than anything that is measured.  Reads a JSON command a line, answers with
a JSON result a line.
"""

import json
import os
import signal
import sys
import time


def run(
    command: list[str], cwd: str, env: dict[str, str], out: str, limit: int
) -> dict[str, object]:
    """Run one command to its end, its output in the file ``out``."""
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        become(command, cwd, env, out, limit)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    return {"seconds": seconds, "mebibytes": usage.ru_maxrss / 1024, "code": code}


def become(command: list[str], cwd: str, env: dict[str, str], out: str, limit: int) -> None:
    """Turn this process into the command."""
    try:
        os.chdir(cwd)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(f"{out}.out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.dup2(os.open(f"{out}.err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        signal.alarm(limit)  # outlives exec
        os.execve(command[0], command, env)
    except OSError as error:
        os.write(2, f"{command[0]}: {error}\n".encode())
        os._exit(127)


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), flush=True)
