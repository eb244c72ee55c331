"""FastAPI and uvicorn keep the error page: pydantic's findings are put into the page's envelope."""

import asyncio
import itertools
import json
import math
import os
import random
import re
import secrets
import socket
import sys
from pathlib import Path
from typing import Annotated, Literal

import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import Response, StreamingResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, BeforeValidator, Field, StrictStr
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))
from limiter import Limiter  # noqa: E402

DOCS = "https://www.planmysaas.com/docs/api/errors"
AFTER = ("workspace", "plan", "regen", "preflight", "credits")
VARIANTS = {
    # FastAPI's own order: the body is read as JSON, the dependencies look at the key, and then the input is validated.
    # The page gives no order; all wrong fields may be named, and the envelope may hold pydantic's list.
    "native": {"dependency": ("key", "rate"), "after": AFTER, "limiter": "log", "all": True, "details": True, "where": "body.{}"},
    # The key before the body; a media type for problems is JSON as well; a balance of zero has no figure in words.
    "auth-first": {"first": ("key", "rate"), "after": AFTER, "limiter": "bucket", "media": "application/problem+json",
                   "where": "`{}`", "drained": 0, "credits": "This call costs {cost} credits, and there are none left."},
    # Another parser of HTTP below; gzip for those who accept it; connections idle for a second are closed; a shut-out
    # longer than the minute, told truly.
    "httptools": {"first": ("key",), "dependency": ("workspace", "rate"), "after": ("credits", "preflight", "plan", "regen"),
                  "limiter": "penalty", "http": "httptools", "gzip": True, "idle": 1, "strict": True, "where": "/{}", "ids": "digits"},
    # The input is validated before anybody asks for a key, and answers are streamed in small chunks after a while.
    "body-before-key": {"after": ("key", "rate", *AFTER), "limiter": "counter", "stream": 11, "delay": (0.02, 0.2),
                        "where": "$.{}", "ids": "prefix", "bearer_first": True},
    # Wrong bytes are replaced and a BOM is skipped; no language is promised, nor how numbers are written; a tool may
    # try for five minutes; Retry-After may be a second more than needed and may go with a 5xx too.
    "french": {"first": ("key",), "after": ("plan", "regen", "credits", "rate", "workspace", "preflight"), "limiter": "log_all",
               "lenient": True, "french": True, "plus": 1, "timeout": 300, "retry_all": True, "drained": 9,
               "credits": "Il faut {cost},00\u00a0cr\u00e9dits\u202f; il en reste {left},00.", "media": "application/json; charset=utf8"},
    # RFC 9110 15.5.12 lets a server insist on a Content-Length; an empty key may be a malformed one; headers of browsers
    # and caches are nobody's business; neither Date nor Server has to be sent by this one.
    "length-required": {"first": ("key", "rate"), "after": AFTER, "limiter": "clock", "length": True, "empty": "malformed_api_key",
                        "cors": True, "bare": True, "whole_window": True, "credits": "{left} of {cost} credits", "where": "Field {}:"},
    # Credits may be held while a generation runs and given back when it fails; refused bodies may not count for the limit;
    # a body may be pretty, and end in a new line; the credits may be checked before a plan is.
    "hold": {"first": ("key",), "after": ("rate", "preflight", "credits", "regen", "plan", "workspace"), "limiter": "gcra", "hold": True,
             "pretty": True, "challenge": True, "drained": -120, "credits": "Need {cost} / have {left}", "where": "{}", "timeout": 120},
    # FastAPI's own habit again: an address with a slash too many is sent to the one without, and that is no error.
    "redirecting": {"dependency": ("key", "rate"), "after": AFTER, "limiter": "log", "where": "{}", "slashes": True},
}
ENGLISH = {
    "missing_api_key": "Send a key.", "malformed_api_key": "A key begins with its prefix, and has no quotes or blanks.",
    "invalid_api_key": "No such key.", "revoked_api_key": "The key was revoked.", "invalid_json": "The body cannot be read as JSON.",
    "plan_gate": "Starter and above only.", "regen_limit": "No regenerations left in this project.",
    "workspace_not_found": "The workspace is gone.", "rate_limited": "More than 60 requests in a minute.",
    "preflight_failed": "The credits could not be looked up.", "generation_failed": "The generator failed.",
    "generation_timeout": "The generator did not return in time.", "length_required": "Say how long the body is.",
}
FRENCH = {code: "D\u00e9sol\u00e9, erreur\u00a0: " + code.replace("_", "\u00a0") for code in ENGLISH}
STATUS = {"invalid_json": 400, "invalid_input": 400, "insufficient_credits": 402, "plan_gate": 403, "regen_limit": 403,
          "workspace_not_found": 404, "length_required": 411, "rate_limited": 429, "preflight_failed": 500,
          "generation_failed": 502, "generation_timeout": 504}
COUNTER = itertools.count(random.randrange(10**9, 10**10))


class Refusal(Exception):
    def __init__(self, code, message=None, wait=None, details=None):
        self.code, self.message, self.wait, self.details = code, message, wait, details


def number(value):
    """JSON has texts and truths that pydantic would take for numbers; neither is one."""
    if isinstance(value, (str, bool)):
        raise ValueError("must be a number")
    return value


class Tagline(BaseModel):
    product: Annotated[StrictStr, Field(min_length=3, max_length=80)]
    description: Annotated[StrictStr, Field(min_length=20, max_length=2000)]
    tone: Literal["plain", "playful", "bold", "formal"]
    count: Annotated[int, BeforeValidator(number), Field(ge=1, le=10)] = 3


class Roadmap(BaseModel):
    product: StrictStr
    description: StrictStr


class Wish(BaseModel):
    instructions: StrictStr


class StrictRequest(Request):
    """Reads JSON by the letter: no NaN, no UTF-16, and wrong bytes as the variant has it."""

    async def json(self):
        raw = await self.body()
        try:
            text = raw.decode("utf-8-sig", "replace") if V.get("lenient") else raw.decode("utf-8")
            return json.loads(text, parse_constant=int, parse_int=lambda n: float(n) if len(n) > 99 else int(n))
        except (ValueError, RecursionError):
            raise json.JSONDecodeError("not JSON", "", 0)


class Route(APIRoute):
    def get_route_handler(self):
        handle = super().get_route_handler()

        async def ordered(request):
            # Whatever the body is called, it is read as JSON.
            headers = [(k, v) for k, v in request.scope["headers"] if k != b"content-type"]
            request = StrictRequest({**request.scope, "headers": [*headers, (b"content-type", b"application/json")]}, request.receive)
            await asyncio.sleep(random.uniform(*V.get("delay", (0, 0))))
            if V.get("length") and request.method == "POST" and "content-length" not in request.headers:
                raise Refusal("length_required")
            await judge(request, V.get("first", ()))
            if request.method == "POST" and not await request.body():
                raise Refusal("invalid_json")  # FastAPI would call it a body that is missing
            return await handle(request)

        return ordered


def tool_of(request):
    path = request.url.path
    return "regenerate" if path.endswith("/regenerate") else path.rsplit("/", 1)[1]


async def judge(request, steps):
    tool = tool_of(request)
    for step in steps:
        if tool != "credits" or step in ("key", "rate", "workspace"):
            CHECKS[step](request, tool)


def check_key(request, _tool):
    scheme, _, rest = (request.headers.get("authorization") or "").partition(" ")
    keys = [request.headers.get("x-api-key"), rest.strip() if scheme.lower() == "bearer" else None]
    key = next((k for k in (reversed(keys) if V.get("bearer_first") else keys) if k is not None and (k or V.get("empty"))), None)
    if not key:
        raise Refusal("missing_api_key" if key is None else V["empty"])
    if not re.fullmatch(V["shape"], key):
        raise Refusal("malformed_api_key")
    request.scope["account"] = ACCOUNTS.get(key)
    if key not in ACCOUNTS or ACCOUNTS[key]["name"] == "REVOKED":
        raise Refusal("revoked_api_key" if key in ACCOUNTS else "invalid_api_key")


def check_rate(request, _tool):
    wait = LIMITS.wait(request.scope["account"]["name"])
    if wait:
        raise Refusal("rate_limited", wait=WINDOW if V.get("whole_window") else wait)


def refuse_if(code, condition):
    def check(request, tool):
        if condition(request.scope["account"], tool, request.headers.get("x-test-fault")):
            raise Refusal(code)
    return check


def check_credits(request, tool):
    left, cost = request.scope["account"]["credits"], COSTS[tool]
    if left < cost:
        raise Refusal("insufficient_credits", V.get("credits", "You need {cost} credits but have {left}.").format(cost=cost, left=left))


COSTS = {"tagline": 10, "roadmap": 150, "regenerate": 20}
CHECKS = {
    "key": check_key, "rate": check_rate, "credits": check_credits,
    "workspace": refuse_if("workspace_not_found", lambda account, tool, fault: account["name"] == "ORPHANED"),
    "plan": refuse_if("plan_gate", lambda account, tool, fault: tool == "roadmap" and account["name"] == "FREE_PLAN"),
    "regen": refuse_if("regen_limit", lambda account, tool, fault: tool == "regenerate" and account["name"] == "REGEN_CAPPED"),
    "preflight": refuse_if("preflight_failed", lambda account, tool, fault: fault == "preflight_failed"),
}


async def dependency(request: Request):
    await judge(request, V.get("dependency", ()))


app = FastAPI(openapi_url=None, redirect_slashes=False)
app.router.route_class = Route


@app.get("/api/v1/credits", dependencies=[Depends(dependency)])
async def credits(request: Request):
    await judge(request, V["after"])
    return answer(200, {"credits": request.scope["account"]["credits"]}, {})


async def generate(request, body):
    await judge(request, V["after"])
    account, cost, fault = request.scope["account"], COSTS[tool_of(request)], request.headers.get("x-test-fault")
    account["credits"] -= cost if V.get("hold") else 0
    if fault in ("generation_failed", "generation_timeout"):
        await asyncio.sleep(GIVE_UP if fault == "generation_timeout" else 0)
        account["credits"] += cost if V.get("hold") else 0
        raise Refusal(fault)
    account["credits"] -= 0 if V.get("hold") else cost
    return answer(200, {"result": {"for": "you", "given": sorted(body.model_fields_set)}}, {})


@app.post("/api/v1/tools/tagline", dependencies=[Depends(dependency)])
async def tagline(request: Request, body: Tagline):
    return await generate(request, body)


@app.post("/api/v1/tools/roadmap", dependencies=[Depends(dependency)])
async def roadmap(request: Request, body: Roadmap):
    return await generate(request, body)


@app.post("/api/v1/projects/{project}/regenerate", dependencies=[Depends(dependency)])
async def regenerate(request: Request, project: str, body: Wish):
    return await generate(request, body)


@app.exception_handler(RequestValidationError)
async def invalid(request, error):
    """Every finding of pydantic has the place of a field; one about the whole body is about all that it must hold."""
    needed = {"tagline": Tagline, "roadmap": Roadmap}.get(tool_of(request), Wish).model_fields
    if any(one["type"] == "json_invalid" for one in error.errors()):
        return await refused(request, Refusal("invalid_json"))
    found = [(one["loc"][1] if len(one["loc"]) > 1 else " ".join(needed), one["msg"]) for one in error.errors()]
    texts = [V.get("where", "{}").format(name) + " " + why for name, why in found]
    details = [{"field": name, "why": why} for name, why in found]
    return await refused(request, Refusal("invalid_input", "; ".join(texts if V.get("all") else texts[:1]), details=details))


@app.exception_handler(HTTPException)
async def other(request, error):
    STATUS.setdefault(f"http_{error.status_code}", error.status_code)
    return await refused(request, Refusal(f"http_{error.status_code}", str(error.detail)))


@app.exception_handler(Refusal)
async def refused(request, refusal):
    status = STATUS.get(refusal.code, 401)
    n = next(COUNTER)
    request_id = {"digits": str(n), "prefix": f"req_{n:x}{secrets.token_urlsafe(6)}"}.get(V.get("ids")) or secrets.token_hex(16)
    error = {"code": refusal.code, "message": refusal.message or (FRENCH if V.get("french") else ENGLISH)[refusal.code],
             "docs": DOCS, "requestId": request_id}
    if V.get("details"):
        error.update(status=status, details=refusal.details or [])
    headers = {"X-Request-Id": request_id}
    if refusal.wait is not None:
        headers["Retry-After"] = str(max(1, math.ceil(refusal.wait)) + V.get("plus", 0))
    elif status >= 500 and V.get("retry_all"):
        headers["Retry-After"] = "2"
    if status == 401 and V.get("challenge"):
        headers["WWW-Authenticate"] = "Bearer"
    return answer(status, {"error": error}, headers)


def answer(status, body, headers):
    media = V.get("media") if status >= 400 else None
    if V.get("pretty"):
        text = json.dumps(body, indent=4, sort_keys=True) + "\n"
    else:
        text = json.dumps(body, ensure_ascii=False)
    raw = text.encode()
    if V.get("cors"):
        headers.update({"Cache-Control": "no-store, private", "Set-Cookie": "lb=a1; Path=/", "X-RateLimit-Limit": "60"})
    if not V.get("stream"):
        return Response(raw, status, headers, media or "application/json")

    async def pieces():
        for i in range(0, len(raw), V["stream"]):
            yield raw[i:i + V["stream"]]
            await asyncio.sleep(0)

    return StreamingResponse(pieces(), status, headers, media or "application/json")


class AskedGzip(GZipMiddleware):
    """Starlette looks for the word alone; a weight of zero means no."""

    async def __call__(self, scope, receive, send):
        wanted = dict(scope.get("headers", [])).get(b"accept-encoding", b"")
        refused = re.search(rb"gzip\s*;\s*q=0(\.0*)?\s*(,|$)", wanted)
        await (self.app if refused else super().__call__)(scope, receive, send)


def strict_shape(keys):
    """The lengths of the issued keys, and the characters of their kind."""
    text = "".join(key[9:] for key in keys)
    alphabet = "0-9a-z" + ("A-Z" if re.search("[A-Z]", text) else "") + re.escape(re.sub("[0-9A-Za-z]", "", text))
    return "|".join("pms_live_[%s]{%d}" % (alphabet, n) for n in {len(key) - 9 for key in keys})


if len(sys.argv) != 2 or sys.argv[1] not in VARIANTS:
    sys.exit("usage: run VARIANT | --variants | --missing")
V = VARIANTS[sys.argv[1]]
WINDOW = float(os.environ.get("WINDOW_SECONDS") or 60)
GIVE_UP = float(os.environ.get("TIMEOUT_SECONDS") or V.get("timeout", 90))
LIMITS = Limiter(V["limiter"], WINDOW)
BALANCES = {"VALID": 1_000_000, "BURST": 1_000_000, "REVOKED": 50, "DRAINED": V.get("drained", 4), "FREE_PLAN": 90_000,
            "REGEN_CAPPED": 90_000, "ORPHANED": 50}
ACCOUNTS = {os.environ[f"ERRPROOF_KEY_{name}"]: {"name": name, "credits": balance}
            for name, balance in BALANCES.items() if os.environ.get(f"ERRPROOF_KEY_{name}")}
app.router.redirect_slashes = V.get("slashes", False)
V["shape"] = strict_shape(ACCOUNTS) if V.get("strict") else "pms_live_[^\\s\"'`]+"
if V.get("gzip"):
    app.add_middleware(AskedGzip, minimum_size=0)
if V.get("cors"):
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
listener = socket.create_server(("127.0.0.1", 0), backlog=256)
print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(
    app, http=V.get("http", "h11"), log_level="critical", access_log=False, timeout_keep_alive=V.get("idle", 60),
    server_header=not V.get("bare"), date_header=not V.get("bare"), lifespan="off",
    timeout_graceful_shutdown=1)).run(sockets=[listener])
