"""A client that is wrong in one way, to see that errproof finds it: wrong.py --fault NAME.

In all else it is conformant. The standard library is all it needs.
"""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

FAULTS = {
    "at-once": "retries a 500 at once",
    "no-retry-after": "waits 1 s after a 429, whatever that says",
    "first-retry-after": "waits what the first 429 said after each",
    "milliseconds": "takes Retry-After for milliseconds",
    "retries-401": "retries when its key is refused",
    "forever": "retries a 502 or 504 for good",
    "no-growth": "waits 1 s each time",
    "slow": "waits 8 s where the step is 1 s",
    "gives-up": "does not retry a 502 or 504",
    "swallows-id": "shows the code, and not the requestId",
    "first-id": "shows the requestId of the first failure",
    "exit-0": "ends with exit 0 whatever happened",
    "exit-1": "ends with exit 1 if it had to try again",
    "prints-key": "prints its key when it fails",
    "prints-base64": "prints its key as base64 of user:key",
    "other-body": "counts its attempts in the body",
    "other-key": "sends another key on a retry",
    "hedges": "tries twice at once after a 429",
    "twice": "makes a call that succeeded at once again",
    "leaves-child": "leaves a child behind that tries a 502 again after its end",
    "daemon": "the same, with a child in a session of its own",
    "hangs-on-429": "hangs with its child when it is refused by the limit",
    "prints-much": "prints 100 MB when it is out of credits",
    "nothing": "sends nothing, and ends with exit 0",
    "hangs": "hangs with its child, and sends nothing",
    "connects": "connects, sends nothing, and ends with exit 1",
    "fails": "ends with exit 1 after a success",
}

CHILD = [sys.executable, "-c", "import time; time.sleep(600)"]
STEPS = [1, 2, 4]
HOST = os.environ["ERRPROOF_BASE_URL"].removeprefix("http://")


def send(fault, attempt):
    """One attempt: status, headers, body."""
    body = {"product": "errproof", "description": "Proves that an API keeps its word.", "tone": "plain"}
    if fault == "other-body":
        body["count"] = attempt + 1
    key = os.environ["ERRPROOF_API_KEY"]
    if fault == "other-key" and attempt > 0:
        key = key[::-1]
    connection = http.client.HTTPConnection(HOST)
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/tools/tagline", json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, json.load(answer)


def wait(fault, status, headers, attempt, first):
    """Seconds until the next attempt, or None if there is none."""
    step = STEPS[attempt] if attempt < len(STEPS) else None
    if status == 401 and fault == "retries-401" and attempt == 0:
        return 1
    if status == 429:
        told = int(headers["Retry-After"])
        if fault == "first-retry-after":
            return first
        return {"no-retry-after": 1, "milliseconds": told / 1000}.get(fault, told)
    if status == 500:
        return None if step is None else 0 if fault == "at-once" else step
    if status in (502, 504):
        if fault == "forever":
            return 1 if step is None else step
        if fault == "gives-up" or step is None:
            return None
        if fault == "slow" and attempt == 0:
            return 8
        return 1 if fault == "no-growth" else step
    return None


def call(fault):
    """The call with its retries: its exit code."""
    ids, told = [], []
    for attempt in range(1_000):
        if fault == "hedges" and told and told[-1]:
            threading.Thread(target=send, args=(fault, attempt)).start()
        status, headers, body = send(fault, attempt)
        if status == 200:
            print(body)
            if fault == "twice" and attempt == 0:
                time.sleep(1)
                send(fault, attempt)
            return 1 if fault == "fails" or fault == "exit-1" and attempt > 0 else 0
        error = body["error"]
        ids.append(error["requestId"])
        told.append(int(headers.get("Retry-After", 0)))
        if status == 429 and fault == "hangs-on-429":
            subprocess.run(CHILD)
        seconds = wait(fault, status, headers, attempt, told[0])
        if seconds is None:
            break
        time.sleep(seconds)
    shown = {"swallows-id": "", "first-id": ids[0]}.get(fault, ids[-1])
    print(status, error["code"], error["message"], shown, file=sys.stderr)
    key = os.environ["ERRPROOF_API_KEY"]
    if fault == "prints-key":
        print("the key was", key)
    if fault == "prints-base64":
        print("Authorization: Basic", base64.b64encode(f"user:{key}".encode()).decode())
    if fault == "prints-much" and status == 402:
        for _ in range(100):
            sys.stdout.write("x" * 999_999 + "\n")
    if fault in ("leaves-child", "daemon") and status == 502:
        leave_child(fault == "daemon")
    return 0 if fault == "exit-0" else 1


def leave_child(own_session):
    """A child that holds none of its parent's streams, and tries again 1 s after its parent has ended."""
    parent = os.getpid()
    if os.fork() == 0:
        if own_session:
            os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        while os.getppid() == parent:
            time.sleep(0.01)
        time.sleep(1)
        send(None, 0)
        os._exit(0)


def main():
    fault = sys.argv[2] if sys.argv[1:2] == ["--fault"] else None
    if fault not in FAULTS:
        known = "".join(f"\n  {name:<18} {what}" for name, what in FAULTS.items())
        sys.exit(f"usage: wrong.py --fault NAME{known}")
    if fault == "nothing":
        return 0
    if fault == "hangs":
        # Deaf to all but SIGKILL.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.run(CHILD)
    if fault == "connects":
        host, port = HOST.split(":")
        with socket.create_connection((host, int(port))):
            return 1
    return call(fault)


if __name__ == "__main__":
    sys.exit(main())
