"""A server of the standard library that keeps the error page, in variants that differ where the page is silent."""

import gzip
import itertools
import json
import math
import os
import random
import re
import sys
import threading
import time
import uuid
import zlib
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from limiter import Limiter

DOCS = "https://www.planmysaas.com/docs/api/errors"
USUAL = ("auth", "rate", "json", "input", "workspace", "plan", "regen", "preflight", "credits")
STATUS = {"invalid_json": 400, "invalid_input": 400, "insufficient_credits": 402, "plan_gate": 403, "regen_limit": 403,
          "workspace_not_found": 404, "rate_limited": 429, "preflight_failed": 500, "generation_failed": 502,
          "generation_timeout": 504, "not_found": 404, "method_not_allowed": 405}
DEFAULTS = {"order": USUAL, "limiter": "fixed", "drained": 4, "media": "application/json"}

VARIANTS = {
    # The plainest reading: JSON with a length, the usual order, ids that are uuids.
    "plain": {},
    # Windows by the wall clock are 60 a minute too; a body's wrong bytes may be replaced, and a BOM be skipped
    # (RFC 8259 8.1); the envelope may hold more than the page shows; "lists all fields" names the offending one.
    "wall-clock": {"limiter": "clock", "lenient": True, "pretty": True, "more": True, "all_fields": True, "order": (
        "auth", "rate", "json", "input", "workspace", "credits", "preflight", "plan", "regen")},
    # No language is promised, nor the text of a reason phrase (RFC 9110 15.1); "the pms_live_... shape" may be the exact
    # length and alphabet; bodies that are refused need not count; a second more than needed is still an honest wait.
    "german": {"limiter": "log", "german": True, "strict": True, "empty": "malformed_api_key", "plus": 1, "drained": 0,
               "media": "application/json; charset=utf-8", "order": (
                   "auth", "json", "input", "rate", "workspace", "regen", "plan", "credits", "preflight")},
    # Refused requests may count as requests; HTTP/1.0 ends a body by closing; a balance may be below zero.
    "stubborn": {"limiter": "log_all", "http10": True, "drained": -3, "ids": "counter", "policy": True, "path": "$.{}"},
    # A bucket of 60 tokens gives 60 a minute; without Accept-Encoding any coding is acceptable (RFC 9110 12.5.3),
    # and the names of codings have no case (8.4.1).
    "bucket-gzip": {"limiter": "bucket", "gzip": True, "media": "application/problem+json", "ids": "ulid", "more": True,
                    "path": "body.{}", "delay": (0.0, 0.02), "bearer_first": True},
    # Nothing says that a refused key is served again within a minute, only that Retry-After holds. JSON may escape any
    # character. An idle connection may be closed after a second.
    "penalty": {"limiter": "penalty", "escaped": True, "idle": 1, "drained": 3, "path": "/{}", "retry_all": True,
                "media": "application/vnd.planmysaas.error+json; profile=\"v1\"", "floats": True},
    # A gateway in front may want a Content-Length (RFC 9110 15.5.12) and answers on its own account; answers take their
    # time; a tool may try for five minutes; a connection may end with each answer.
    "gateway": {"gateway": True, "close": True, "delay": (0.02, 0.3), "timeout": 300, "ids": "hex", "challenge": True},
    # Interim answers may come first (RFC 9110 15.2), a reason phrase may be empty, chunks may have extensions and a
    # trailer (RFC 9112 7.1), and a limiter may forget its counts in steps of a sixth of a window.
    "interim": {"limiter": "parts", "interim": True, "chunks": 7, "no_reason": True, "ids": "ulid", "timeout": 180},
    # A parser of bodies may run before all else; credits may be held while a generation runs and given back when it
    # fails; header names have no case.
    "body-first": {"limiter": "counter", "hold": True, "upper": True, "utf16_length": True, "path": "Title", "order": (
        "json", "input", "auth", "workspace", "rate", "preflight", "credits", "plan", "regen")},
    # "In the Authorization header" may mean without a scheme; 201 is a success; a body may come piece by piece;
    # the whole bucket may be filled once a minute.
    "piecemeal": {"limiter": "refill", "raw_authorization": True, "created": True, "dribble": True, "cookies": True,
                  "lenient": True, "order": ("auth", "workspace", "rate", "credits", "plan", "regen", "json", "input", "preflight")},
    # GCRA with a burst of 60; deflate for those who ask for it; the remaining window is a longer wait than needed, and a
    # true one; a revoked key's requests may count.
    "gcra-deflate": {"limiter": "gcra", "deflate": True, "whole_window": True, "lower": True, "ids": "long", "order": (
        "known", "rate", "revoked", "plan", "regen", "workspace", "json", "input", "credits", "preflight")},
}

ENGLISH = {
    "missing_api_key": "No API key was sent.", "malformed_api_key": "That is not the shape of an API key.",
    "invalid_api_key": "There is no such API key.", "revoked_api_key": "This API key was revoked.",
    "invalid_json": "The body is not valid JSON.", "plan_gate": "This tool needs the Starter plan or a higher one.",
    "regen_limit": "The regeneration cap of this project is reached.", "rate_limited": "60 requests a minute are exceeded.",
    "generation_failed": "The generator returned an error.", "generation_timeout": "The generator took too long.",
    "workspace_not_found": "The workspace of this key was deleted.", "preflight_failed": "The credits could not be checked.",
    "insufficient_credits": "You need {cost} credits but have {left}.", "invalid_input": "{fields}",
}
GERMAN = {
    "missing_api_key": "Es fehlt der Schl\u00fcssel.", "malformed_api_key": "So sieht kein Schl\u00fcssel aus.",
    "invalid_api_key": "Diesen Schl\u00fcssel gibt es nicht.", "revoked_api_key": "Der Schl\u00fcssel wurde widerrufen.",
    "invalid_json": "Der K\u00f6rper ist kein JSON.", "plan_gate": "Daf\u00fcr braucht es Starter.",
    "regen_limit": "Das Projekt ist ausgesch\u00f6pft.", "rate_limited": "Mehr als 60 Anfragen je Minute.",
    "generation_failed": "Der Generator ist gescheitert.", "generation_timeout": "Der Generator war zu langsam.",
    "workspace_not_found": "Der Arbeitsbereich wurde gel\u00f6scht.", "preflight_failed": "Das Guthaben ist unbekannt.",
    "insufficient_credits": "Kein Guthaben: {cost} Credits sind n\u00f6tig, vorhanden sind keine.",
    "invalid_input": "Eingabe ung\u00fcltig: {fields}",
}
TOOLS = {"/api/v1/tools/tagline": ("tagline", 10), "/api/v1/tools/roadmap": ("roadmap", 150)}
COUNTER = itertools.count(1)
LOCK = threading.Lock()


class Refusal(Exception):
    def __init__(self, code, wait=None, **words):
        self.code, self.wait, self.words = code, wait, words


def accounts(drained):
    plans = {"VALID": ("pro", 1_000_000), "BURST": ("pro", 1_000_000), "REVOKED": ("pro", 500), "DRAINED": ("pro", drained),
             "FREE_PLAN": ("free", 100_000), "REGEN_CAPPED": ("starter", 100_000), "ORPHANED": ("pro", 500)}
    return {os.environ[f"ERRPROOF_KEY_{name}"]: {"name": name, "plan": plan, "credits": credits}
            for name, (plan, credits) in plans.items() if os.environ.get(f"ERRPROOF_KEY_{name}")}


def strict_shape(keys):
    """The lengths of the issued keys, and the classes of the characters in them."""
    text = "".join(key[9:] for key in keys)
    letters = "a-f" if re.fullmatch("[0-9a-f]*", text) else "a-z"
    alphabet = letters + "0-9" + ("A-Z" if re.search("[A-Z]", text) else "") + re.escape(re.sub("[A-Za-z0-9]", "", text))
    return "|".join("pms_live_[%s]{%d}" % (alphabet, n) for n in {len(key) - 9 for key in keys})


def no_constant(name):
    raise ValueError(name + " is not JSON")


def parse(raw, lenient):
    """JSON, without Python's NaN, and with numbers of any length."""
    try:
        text = raw.decode("utf-8-sig" if lenient else "utf-8", "replace" if lenient else "strict")
        return json.loads(text, parse_constant=no_constant, parse_int=lambda n: int(n) if len(n) < 400 else math.inf)
    except (ValueError, RecursionError):
        raise Refusal("invalid_json")


def wrong_fields(tool, body, length):
    """What is wrong with a body, as pairs of a field and a reason."""
    names = {"tagline": ["product", "description", "tone"], "roadmap": ["product", "description"], "regenerate": ["instructions"]}[tool]
    if not isinstance(body, dict):
        return [(name, "is required, in an object") for name in names]
    wrong = []
    for name in names:
        low, high = {"product": (3, 80), "description": (20, 2000)}.get(name, (1, 5000)) if tool == "tagline" else (1, 5000)
        if not isinstance(body.get(name), str):
            wrong.append((name, "must be a text"))
        elif name == "tone":
            if body[name] not in ("plain", "playful", "bold", "formal"):
                wrong.append((name, "must be plain, playful, bold or formal"))
        elif not low <= length(body[name]) <= high:
            wrong.append((name, f"must have {low} to {high} characters"))
    if tool == "tagline" and "count" in body:
        count = body["count"]
        if isinstance(count, bool) or not isinstance(count, (int, float)) or count not in range(1, 11):
            wrong.append(("count", "must be a whole number from 1 to 10"))
    return wrong


class Handler(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True
    setup_of = DEFAULTS

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.serve()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_GET

    def send_error(self, code, message=None, explain=None):
        """What the library itself refuses gets the envelope as well."""
        self.close_connection = True
        self.command = getattr(self, "command", None) or "GET"
        self.headers = getattr(self, "headers", {})
        self.reply(int(code), self.envelope("http_%d" % code, message or "The request was not understood."), {})

    def serve(self):
        v = self.setup_of
        if v.get("delay"):
            time.sleep(random.uniform(*v["delay"]))
        if v.get("gateway") and self.command == "POST" and "Content-Length" not in self.headers:
            self.read_body()
            self.close_connection = True
            return self.raw_reply(411, b"<html><h1>411 Length Required</h1></html>\n", {"Content-Type": "text/html", "Server": "edge"})
        headers = {}
        try:
            raw = self.read_body()
        except ValueError:
            return self.send_error(400)
        try:
            status, body = self.answer(raw)
        except Refusal as refusal:
            code, words = refusal.code, refusal.words
            status = STATUS.get(code, 401)
            text = (GERMAN if v.get("german") else ENGLISH).get(code, code)
            body = self.envelope(code, text.format(**words), words)
            if refusal.wait is not None:
                wait = v["window"] if v.get("whole_window") else refusal.wait
                headers["Retry-After"] = str(max(1, math.ceil(wait)) + v.get("plus", 0))
            elif v.get("retry_all") and status >= 500:
                headers["Retry-After"] = "1"
            if status == 401 and v.get("challenge"):
                headers["WWW-Authenticate"] = 'Bearer realm="planmysaas", error="invalid_token", ApiKey realm="planmysaas"'
        self.reply(status, body, headers)

    def envelope(self, code, message, words=None):
        v, kind = self.setup_of, self.setup_of.get("ids")
        number = next(COUNTER)
        request_id = {"counter": f"req_{number:06d}", "hex": f"{number:04x}{os.urandom(3).hex()}",
                      "ulid": "01J" + base32(time.time_ns() // 1000, 11) + base32(number, 12),
                      "long": f"eu-1/{uuid.uuid4().hex}/{uuid.uuid4().hex}=={number}"}.get(kind) or str(uuid.uuid4())
        error = {"code": code, "message": message, "docs": DOCS, "requestId": request_id}
        if not v.get("more"):
            return {"error": error}
        error = {"status": STATUS.get(code, 401), "timestamp": int(time.time()), "details": words or None, **error}
        return {"ok": False, "error": error, "errors": [{"code": code, "title": "x"}], "data": None}

    def read_body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            raw = b""
            while len(raw) < 64_000_000:
                size = int(self.rfile.readline(100).split(b";")[0], 16)
                if size <= 0:
                    while self.rfile.readline(8000).strip():
                        pass
                    return raw
                raw += self.rfile.read(size)
                self.rfile.readline(10)
            raise ValueError
        size = int(self.headers.get("Content-Length") or 0)
        if not 0 <= size < 64_000_000:
            raise ValueError
        return self.rfile.read(size)

    def answer(self, raw):
        v, path = self.setup_of, self.path.split("?")[0]
        if path == "/api/v1/credits":
            self.tool, self.cost, method = None, 0, "GET"
        elif path in TOOLS:
            (self.tool, self.cost), method = TOOLS[path], "POST"
        elif re.fullmatch("/api/v1/projects/[^/]+/regenerate", path):
            self.tool, self.cost, method = "regenerate", 20, "POST"
        else:
            raise Refusal("not_found")
        if self.command != method:
            raise Refusal("method_not_allowed")
        self.raw, self.fault = raw, self.headers.get("X-Test-Fault")
        for step in v["order"]:
            if self.tool or step in ("auth", "known", "revoked", "rate", "workspace"):
                getattr(self, "check_" + step)()
        if not self.tool:
            return 200, {"credits": float(self.account["credits"]) if v.get("floats") else self.account["credits"]}
        if v.get("hold"):
            self.charge(self.cost)
        if self.fault in ("generation_failed", "generation_timeout"):
            if self.fault == "generation_timeout":
                time.sleep(v["give_up"])
            if v.get("hold"):
                self.charge(-self.cost)
            raise Refusal(self.fault)
        if not v.get("hold"):
            self.charge(self.cost)
        return (201 if v.get("created") else 200), {"result": ["Errors that keep their word."], "creditsLeft": self.account["credits"]}

    def charge(self, cost):
        with LOCK:
            self.account["credits"] -= cost

    def check_auth(self):
        self.check_known()
        self.check_revoked()

    def check_known(self):
        v, (scheme, _, rest) = self.setup_of, (self.headers.get("Authorization") or "").partition(" ")
        bearer = rest.strip() if scheme.lower() == "bearer" else None
        if bearer is None and scheme and not rest and v.get("raw_authorization"):
            bearer = scheme
        keys = [self.headers.get("X-API-Key"), bearer]
        if v.get("bearer_first"):
            keys.reverse()
        key = next((k.strip() for k in keys if k is not None and (k.strip() or v.get("empty"))), None)
        if not key:
            raise Refusal("missing_api_key" if key is None else v["empty"])
        if not re.fullmatch(v["shape"], key):
            raise Refusal("malformed_api_key")
        self.key, self.account = key, v["accounts"].get(key)
        if not self.account:
            raise Refusal("invalid_api_key")

    def check_revoked(self):
        if self.account["name"] == "REVOKED":
            raise Refusal("revoked_api_key")

    def check_rate(self):
        wait = self.setup_of["limits"].wait(self.key)
        if wait:
            raise Refusal("rate_limited", wait)

    def check_json(self):
        self.body = parse(self.raw, self.setup_of.get("lenient"))

    def check_input(self):
        v = self.setup_of
        units = lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2
        wrong = wrong_fields(self.tool, self.body, units if v.get("utf16_length") else len)
        name = (lambda n: n.title()) if v.get("path") == "Title" else v.get("path", "{}").format
        if wrong:
            raise Refusal("invalid_input", fields="; ".join(f"{name(n)} {why}" for n, why in (wrong if v.get("all_fields") else wrong[:1])))

    def check_workspace(self):
        if self.account["name"] == "ORPHANED":
            raise Refusal("workspace_not_found")

    def check_plan(self):
        if self.tool == "roadmap" and self.account["plan"] == "free":
            raise Refusal("plan_gate")

    def check_regen(self):
        if self.tool == "regenerate" and self.account["name"] == "REGEN_CAPPED":
            raise Refusal("regen_limit")

    def check_preflight(self):
        if self.fault == "preflight_failed":
            raise Refusal("preflight_failed")

    def check_credits(self):
        if self.account["credits"] < self.cost:
            raise Refusal("insufficient_credits", cost=self.cost, left=self.account["credits"])

    def reply(self, status, body, headers):
        v = self.setup_of
        text = json.dumps(body, indent=2 if v.get("pretty") else None, ensure_ascii=not v.get("german")) + ("\n" if v.get("pretty") else "")
        if v.get("escaped"):
            text = text.replace("/", "\\/").replace("i", "\\u0069")
        headers = {"Content-Type": v["media"] if status >= 400 else "application/json", **headers}
        if v.get("policy"):
            headers.update({"RateLimit-Policy": '"key";q=60;w=60', "X-RateLimit-Limit": "60", "Cache-Control": "no-store"})
        if v.get("cookies"):
            headers.update({"Set-Cookie": "visit=1; Path=/; HttpOnly\r\nSet-Cookie: seen=yes; Secure", "Access-Control-Allow-Origin": "*",
                            "Content-Security-Policy": "default-src " + "https://a.example " * 150})
        raw = text.encode("utf-8")
        wanted = self.headers.get("Accept-Encoding")
        if v.get("gzip") and (wanted is None or re.search(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", wanted, re.I)):
            raw, headers["Content-Encoding"], headers["Vary"] = gzip.compress(raw), "GZIP", "Accept-Encoding"
        if v.get("deflate") and re.search(r"\bdeflate\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", wanted or "", re.I):
            raw, headers["Content-Encoding"], headers["Vary"] = zlib.compress(raw), "deflate", "Accept-Encoding"
        self.raw_reply(status, raw, headers)

    def raw_reply(self, status, raw, headers):
        v = self.setup_of
        modern = self.request_version == "HTTP/1.1" and not v.get("http10")
        chunked = v.get("chunks") if modern else None
        if v.get("close") or not modern:
            self.close_connection = True
        headers["Date"] = self.date_time_string()
        if chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif not v.get("http10"):
            headers["Content-Length"] = str(len(raw))
        if self.close_connection and modern:
            headers["Connection"] = "close"
        reason = "" if v.get("no_reason") else "N\u00f6" if v.get("german") and status > 399 else HTTPStatus(status).phrase
        case = str.upper if v.get("upper") else str.lower if v.get("lower") else str
        head = f"{'HTTP/1.1' if modern else 'HTTP/1.0'} {status} {reason}\r\n"
        head += "".join(f"{case(name)}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        if v.get("interim") and modern:
            head = "HTTP/1.1 103 \r\nLink: </docs>; rel=preload\r\n\r\n" + head
        if self.command == "HEAD":
            raw = b""
        elif chunked:
            raw = b"".join(b"%x;n=%d\r\n%s\r\n" % (len(raw[i:i + chunked]), i, raw[i:i + chunked]) for i in range(0, len(raw), chunked))
            raw += b"0\r\nServer-Timing: total;dur=1\r\n\r\n"
        data = head.encode("utf-8") + raw
        step = max(1, len(data) // 4) if v.get("dribble") else len(data)
        for i in range(0, len(data), step):
            self.wfile.write(data[i:i + step])
            if v.get("dribble"):
                time.sleep(0.01)


def base32(number, width):
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> 5 * i & 31] for i in reversed(range(width)))


class Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that goes away is no news."""


def main():
    if sys.argv[1:] == ["--variants"]:
        return print("\n".join(VARIANTS))
    if len(sys.argv) != 2 or sys.argv[1] not in VARIANTS:
        sys.exit("usage: run VARIANT | --variants | --missing")
    v = {**DEFAULTS, **VARIANTS[sys.argv[1]]}
    v["window"] = float(os.environ.get("WINDOW_SECONDS") or 60)
    v["give_up"] = float(os.environ.get("TIMEOUT_SECONDS") or v.get("timeout", 90))
    v["accounts"], v["limits"] = accounts(v["drained"]), Limiter(v["limiter"], v["window"])
    v["shape"] = strict_shape(v["accounts"]) if v.get("strict") else "pms_live_[^\\s\"'`]+"
    Handler.setup_of, Handler.timeout = v, v.get("idle", 300)
    Handler.protocol_version = "HTTP/1.0" if v.get("http10") else "HTTP/1.1"
    server = Server(("127.0.0.1", 0), Handler)
    print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


main()
