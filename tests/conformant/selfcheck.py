#!/usr/bin/env python3
"""Checks a stack's variants against the error page: selfcheck.py STACK [VARIANT...]. Bounded in time and count."""

import gzip, http.client, json, os, secrets, string, subprocess, sys, time, zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCS = "https://www.planmysaas.com/docs/api/errors"
fresh = lambda: "pms_live_" + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(32))
KEYS = {name: fresh() for name in
        ("VALID", "BURST", "REVOKED", "DRAINED", "FREE_PLAN", "REGEN_CAPPED", "ORPHANED")}
TAGLINE = {"product": "errproof", "description": "Proves that an API's errors are what its docs promise.",
           "tone": "plain", "count": 3}
ROADMAP = {"product": "errproof", "description": TAGLINE["description"]}
TOOL, BALANCE = "/api/v1/tools/tagline", "/api/v1/credits"
problems, ids = [], set()


class Answer(http.client.HTTPResponse):
    """Passes over interim answers other than 100, which the library takes for final ones."""

    def _read_status(self):
        version, status, reason = super()._read_status()
        while 100 < status < 200:
            http.client.parse_headers(self.fp)
            version, status, reason = super()._read_status()
        return version, status, reason


def send(port, method, path, headers=None, body=None, chunked=False):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    link.response_class = Answer
    try:
        link.putrequest(method, path, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            link.putheader(name, value)
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        if data is not None:
            link.putheader("Content-Type", "application/json")
            link.putheader(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(data)))))
        if chunked:
            data = b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)
        link.endheaders(data)
        answer = link.getresponse()
        raw, coding = answer.read(), (answer.headers.get("Content-Encoding") or "").lower()
    finally:
        link.close()
    if coding == "gzip":
        raw = gzip.decompress(raw)
    elif coding == "deflate":
        raw = zlib.decompress(raw)
    try:
        return answer.status, json.loads(raw), answer.headers
    except ValueError:
        return answer.status, raw, answer.headers


def expect(what, got, status, code, names=""):
    found, body, headers = got
    error = body.get("error", {}) if isinstance(body, dict) else {}
    if (found, error.get("code")) != (status, code):
        return problems.append(f"{what}: {found} {str(body)[:160]} instead of {status} {code}")
    if code is None:
        return
    if error.get("docs") != DOCS or not isinstance(error.get("requestId"), str) or not error["requestId"]:
        problems.append(f"{what}: envelope {body}")
    if error["requestId"] in ids or not isinstance(error.get("message"), str) or not error["message"]:
        problems.append(f"{what}: requestId again, or no message: {body}")
    ids.add(error["requestId"])
    if names.lower() not in error["message"].lower():
        problems.append(f"{what}: message does not name {names}: {error['message']}")
    if KEYS["VALID"][9:] in json.dumps(body):
        problems.append(f"{what}: shows a key")


def check(port):
    key = lambda name: {"X-API-Key": KEYS[name]}
    fault = lambda name: {**key("VALID"), "X-Test-Fault": name}
    tool = lambda body, **more: send(port, "POST", TOOL, key("VALID"), body, **more)
    for method, path, body in (("GET", BALANCE, None), ("POST", TOOL, TAGLINE)):
        ask = lambda headers: send(port, method, path, headers, body)
        expect("no key", ask({}), 401, "missing_api_key")
        expect("other prefix", ask({"X-API-Key": "sk_test_" + "a" * 32}), 401, "malformed_api_key")
        expect("quoted", ask({"Authorization": f'Bearer "{KEYS["VALID"]}"'}), 401, "malformed_api_key")
        expect("space inside", ask({"X-API-Key": KEYS["VALID"][:20] + " " + KEYS["VALID"][20:]}), 401, "malformed_api_key")
        expect("unknown", ask({"Authorization": "Bearer " + fresh()}), 401, "invalid_api_key")
        expect("revoked", ask(key("REVOKED")), 401, "revoked_api_key")
        expect("orphaned", ask(key("ORPHANED")), 404, "workspace_not_found")
        empty = ask({"X-API-Key": ""})
        if empty[0] != 401 or empty[1]["error"]["code"] not in ("missing_api_key", "malformed_api_key"):
            problems.append(f"empty key: {empty}")
    pause = time.sleep
    for bad in (b"", b"{", b'{"product": NaN}', b'{"a":1,}', b"{'a':1}", b"[1] x", b'{"count": 01}', b'{"a": "\t"}'):
        expect(f"body {bad}", tool(bad), 400, "invalid_json")
    for wrong in ({"product": "ab"}, {"product": 5}, {"product": "x" * 81}, {"description": "short"}, {"tone": "angry"},
                  {"tone": None}, {"count": 0}, {"count": 11}, {"count": True}, {"count": 1.5}, {"count": "3"}, {"count": None}):
        expect(f"input {wrong}", tool({**TAGLINE, **wrong}), 400, "invalid_input", next(iter(wrong)))
    for gone in ("product", "description", "tone"):
        expect(f"without {gone}", tool({k: v for k, v in TAGLINE.items() if k != gone}), 400, "invalid_input", gone)
    text = json.dumps(TAGLINE).encode()
    expect("vast number", tool(text.replace(b": 3", b": 1" + b"0" * 5000)), 400, "invalid_input", "count")
    expect("vast exponent", tool(text.replace(b": 3", b": 1e400")), 400, "invalid_input", "count")
    pause(3.2)
    for root in (b"[]", b"null", b'"x"', b"3"):
        expect(f"root {root}", tool(root), 400, "invalid_input")
    for odd in (text.replace(b"errproof", b"err\xffproof"), text.replace(b"errproof", b"err\\ud800proof"),
                b"\xef\xbb\xbf" + text, text.decode().encode("utf-16"), b"[" * 60000, b"[" * 400 + b"]" * 400):
        status, body, _ = tool(odd)
        if status not in (200, 201, 400) or (status == 400 and body["error"]["code"] not in ("invalid_json", "invalid_input")):
            problems.append(f"odd body {odd[:30]}: {status} {body}")
    for fine in ({**TAGLINE, "count": 3.0}, {k: v for k, v in TAGLINE.items() if k != "count"}, {**TAGLINE, "more": {}},
                 {**TAGLINE, "product": "\u00e9" * 80}, {**TAGLINE, "product": "\u65e5\u672c\u8a9e"}):
        if tool(fine)[0] not in (200, 201):
            problems.append(f"refused {fine}: {tool(fine)}")
    chunked = tool(TAGLINE, chunked=True)
    if chunked[0] not in (200, 201, 411):
        problems.append(f"chunked: {chunked}")
    expect("drained", send(port, "POST", TOOL, key("DRAINED"), TAGLINE), 402, "insufficient_credits")
    print("   ", send(port, "POST", TOOL, key("DRAINED"), TAGLINE)[1]["error"]["message"])
    expect("drained roadmap", send(port, "POST", "/api/v1/tools/roadmap", key("DRAINED"), ROADMAP), 402, "insufficient_credits")
    expect("free", send(port, "POST", "/api/v1/tools/roadmap", key("FREE_PLAN"), ROADMAP), 403, "plan_gate")
    again, wish = "/api/v1/projects/prj_demo/regenerate", {"instructions": "Shorter, please."}
    expect("capped", send(port, "POST", again, key("REGEN_CAPPED"), wish), 403, "regen_limit")
    credits = lambda: send(port, "GET", BALANCE, {"authorization": "bEARER " + KEYS["VALID"]})[1]["credits"]
    pause(3.2)
    before = credits()
    for path, body, cost in ((TOOL, TAGLINE, 10), ("/api/v1/tools/roadmap", ROADMAP, 150), (again, wish, 20)):
        if send(port, "POST", path, key("VALID"), body)[0] not in (200, 201) or before - cost != credits():
            problems.append(f"{path}: {before} became {credits()}")
        before = credits()
    expect("failed", send(port, "POST", TOOL, fault("generation_failed"), TAGLINE), 502, "generation_failed")
    since = time.monotonic()
    expect("hung", send(port, "POST", TOOL, fault("generation_timeout"), TAGLINE), 504, "generation_timeout")
    if not 2 <= time.monotonic() - since < 3.5:
        problems.append(f"gave up after {time.monotonic() - since:.2f} s")
    expect("preflight", send(port, "POST", TOOL, fault("preflight_failed"), TAGLINE), 500, "preflight_failed")
    if before != credits():
        problems.append("a failure was charged")
    for _ in range(3):  # a window by the wall clock may end within the burst
        with ThreadPoolExecutor(30) as pool:
            burst = list(pool.map(lambda _: send(port, "GET", BALANCE, key("BURST")), range(100)))
        refused = [one for one in burst if one[0] != 200]
        if refused:
            break
        pause(4)
    if not refused or len(burst) - len(refused) < 60:
        problems.append(f"burst: {len(burst) - len(refused)} of {len(burst)} admitted")
    for one in refused:
        expect("burst", one, 429, "rate_limited")
    expect("other key", send(port, "GET", BALANCE, key("VALID")), 200, None)
    waits = [int(one[2]["Retry-After"]) for one in refused]
    print(f"    {len(burst) - len(refused)} of {len(burst)} admitted, Retry-After {min(waits)} to {max(waits)}")
    pause(max(waits))
    expect("after the wait", send(port, "GET", BALANCE, key("BURST")), 200, None)


stack, *wanted = sys.argv[1:]
run = str(HERE / stack / "run")
env = {**os.environ, "WINDOW_SECONDS": "3", "TIMEOUT_SECONDS": "2", **{f"ERRPROOF_KEY_{k}": v for k, v in KEYS.items()}}
worst = 0
for variant in wanted or subprocess.check_output([run, "--variants"], text=True).split():
    problems.clear()
    server = subprocess.Popen([run, variant], env=env, stdout=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline()
        print(f"{stack} {variant}", flush=True)
        check(int(line.removeprefix("listening on http://127.0.0.1:")))
    finally:
        server.kill()
        server.wait(5)
    for problem in problems[:6]:
        print("  WRONG", problem[:300])
    worst = worst or bool(problems)
sys.exit(worst)
