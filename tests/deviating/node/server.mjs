import http from 'node:http';
import crypto from 'node:crypto';
import { DEVIATIONS } from './deviations.mjs';
import { HABITS } from './habits.mjs';

// server.mjs deviations|habits --variants names all of them; with one of their names it serves that one.
// A deviation breaks the page at one point; a habit is a server's own, and the page has nothing against it.
const [kind, name] = process.argv.slice(2);
const ALL = { deviations: DEVIATIONS, habits: { plain: { why: 'nothing of its own' }, ...HABITS } }[kind];
if (name === '--variants') {
  for (const [n, f] of Object.entries(ALL)) console.log(`${n}\t${f.why}`);
  process.exit(0);
}
const F = ALL?.[name];
if (!F) {
  console.error(`there is no ${name} among the ${kind}`);
  process.exit(2);
}
const DOCS = 'https://www.planmysaas.com/docs/api/errors';
const SHAPE = F.shape ?? /^pms_live_[A-Za-z0-9_-]{32}$/;
const GIVES_UP = Number(process.env.TIMEOUT_SECONDS ?? 90) * 1000 + 300;
const sleep = ms => new Promise(r => setTimeout(r, ms));

// ---- accounts
const ALNUM = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const mint = () => 'pms_live_' + Array.from(crypto.randomBytes(32), b => ALNUM[b % 62]).join('');
const ws = (credits, plan, o = {}) => ({ credits, plan, deleted: false, capped: [], ...o });
const SLOTS = {
  VALID: { ws: ws(5000, 'Pro') },
  BURST: { ws: ws(5000, 'Pro') },
  REVOKED: { ws: ws(5000, 'Pro'), revoked: true },
  DRAINED: { ws: ws(4, 'Pro') },
  FREE_PLAN: { ws: ws(5000, 'Free') },
  REGEN_CAPPED: { ws: ws(5000, 'Starter', { capped: ['prj_demo'] }) },
  ORPHANED: { ws: ws(0, 'Pro', { deleted: true }) },
};
const accounts = new Map();
for (const [slot, a] of Object.entries(SLOTS)) {
  a.slot = slot;
  a.key = process.env['ERRPROOF_KEY_' + slot] || mint();
  a.n = {};
  accounts.set(a.key, a);
}
F.accounts?.(SLOTS);

// ---- limiter
const buckets = new Map();
function take(name, { max = 60, win = 60000, algo = F.algo ?? 'window' } = {}) {
  const now = Date.now();
  let b = buckets.get(name);
  if (!b) buckets.set(name, (b = { start: -1e15, count: 0, log: [], tat: 0, windows: 0, refused: 0 }));
  const no = ms => {
    b.refused++;
    return Math.max(1, Math.ceil(ms / 1000));
  };
  if (algo === 'log') {
    while (b.log.length && b.log[0] <= now - win) b.log.shift();
    if (b.log.length >= max) return no(b.log[0] + win - now);
    b.log.push(now);
    return 0;
  }
  if (algo === 'gcra') {
    const step = win / max,
      tat = Math.max(b.tat, now);
    if (tat + step - now > win + 0.001) return no(tat + step - win - now);
    b.tat = tat + step;
    return 0;
  }
  if (algo === 'calendar') {
    const s = Math.floor(now / win) * win;
    if (s !== b.start) {
      b.start = s;
      b.count = 0;
    }
  } else if (now >= b.start + win) {
    b.start = now;
    b.count = 0;
    b.windows++;
    b.refused = 0;
  }
  if (b.count >= max) return no(b.start + win - now);
  b.count++;
  return 0;
}

// ---- errors
class E extends Error {
  constructor(status, code, message, headers = {}) {
    super(message);
    Object.assign(this, { status, code, headers });
  }
}
const MSG = {
  missing_api_key: 'No API key was sent. Pass it in the X-API-Key or Authorization header.',
  malformed_api_key: 'The API key does not have the shape of a key. Copy it exactly as shown.',
  invalid_api_key: 'This API key is not known. Generate a new key in Settings.',
  revoked_api_key: 'This API key was revoked. Generate a new one.',
  invalid_json: 'The request body is not valid JSON.',
  plan_gate: 'This tool requires the Starter plan or higher.',
  regen_limit: 'The regeneration cap of this project is reached.',
  rate_limited: 'Too many requests for this key: 60 a minute are allowed.',
  generation_failed: 'The generator failed. No credits were charged.',
  generation_timeout: 'The generation did not finish in time.',
  workspace_not_found: 'The workspace of this key was deleted.',
  preflight_failed: 'The credits could not be checked. Try again.',
};
const err = (status, code, m, h) => new E(status, code, m ?? F.words?.[code] ?? MSG[code], h);

function send(c, status, headers, body) {
  const { res } = c;
  if (res.headersSent || res.destroyed) return;
  const buf = Buffer.from(body ?? '');
  res.writeHead(status, { ...headers, 'Content-Length': buf.length });
  res.end(c.req.method === 'HEAD' ? undefined : buf);
}
function sendError(c, e) {
  if (!(e instanceof E)) {
    console.error(e);
    e = new E(500, 'internal_error', 'Something went wrong.');
  }
  const rid = crypto.randomBytes(8).toString('hex');
  const o = {
    status: e.status,
    code: e.code,
    headers: { 'Content-Type': 'application/json', 'X-Request-Id': rid, ...e.headers },
    err: { code: e.code, message: e.message, docs: DOCS, requestId: rid },
  };
  if (c.big) o.headers.Connection = 'close';
  F.err?.(c, o);
  c.code = e.code;
  if (o.destroy) return c.req.socket.destroy();
  send(c, o.status, o.headers, o.raw ?? JSON.stringify(o.env ?? { error: o.err }, null, F.indent));
}

// ---- the steps
function route(c) {
  const p = c.path;
  const T = {
    '/api/v1/tools/tagline': ['tagline', 'POST', 10],
    '/api/v1/tools/roadmap': ['roadmap', 'POST', 150],
    '/api/v1/credits': ['balance', 'GET', 0],
  };
  let r = T[p],
    m;
  if (!r && (m = /^\/api\/v1\/projects\/([^/]+)\/regenerate$/.exec(p))) {
    c.project = m[1];
    r = ['regenerate', 'POST', 20];
  }
  if (r) {
    [c.tool, c.verb, c.cost] = r;
  }
}
function routed(c) {
  if (!c.tool) throw err(404, 'not_found', `There is nothing at this address.`);
  if (c.method !== c.verb && !(c.verb === 'GET' && c.method === 'HEAD'))
    throw err(405, 'method_not_allowed', `Use ${c.verb} here.`, { Allow: c.verb });
}
function keyOf(c) {
  const ows = s => (s ?? '').replace(/^[ \t]+|[ \t]+$/g, ''),
    h = c.req.headers,
    x = ows(h['x-api-key']),
    a = ows(h.authorization);
  if (x) {
    c.carrier = 'x';
    return x;
  }
  if (a) {
    const m = /^Bearer(?:[ \t]+(.*))?$/is.exec(a);
    if (m && !m[1]) {
      c.carrier = 'bearer';
      return '';
    }
    c.carrier = 'bearer';
    return m ? ows(m[1]) : ' ' + a;
  }
  return '';
}
function auth(c) {
  let key = keyOf(c);
  key = F.key?.(c, key) ?? key;
  c.key = key;
  if (!key) throw err(401, 'missing_api_key');
  const early = F.find?.(c, key, accounts);
  if (!early && !SHAPE.test(key)) throw err(401, 'malformed_api_key');
  if (F.limitFirst) limit(c);
  const a = early || accounts.get(key);
  if (!a) throw err(401, 'invalid_api_key');
  c.acct = a;
  c.slot = a.slot;
  if (a.revoked && !F.unrevoke?.(c, a)) throw err(401, 'revoked_api_key');
}
function limit(c) {
  if (c.limited) return;
  c.limited = true;
  let wait = F.limit?.(c, c.key, take, buckets);
  if (wait === undefined) wait = take(c.key);
  if (wait) throw err(429, 'rate_limited', undefined, { 'Retry-After': String(wait + (F.plus ?? 0)) });
}
const STR = (name, min, max) => v =>
  v === undefined
    ? 'is required'
    : typeof v !== 'string'
      ? 'must be a text'
      : v.length < min
        ? 'is too short'
        : v.length > max
          ? 'is too long'
          : undefined;
const INPUT = {
  tagline: {
    product: STR('product', 3, 80),
    description: STR('', 20, 2000),
    tone: v =>
      v === undefined
        ? 'is required'
        : ['plain', 'playful', 'bold', 'formal'].includes(v)
          ? undefined
          : 'must be one of plain, playful, bold, formal',
    count: v =>
      v === undefined
        ? undefined
        : !Number.isInteger(v)
          ? 'must be a whole number'
          : v < 1 || v > 10
            ? 'must be from 1 to 10'
            : undefined,
  },
  roadmap: { product: STR('', 3, 80), description: STR('', 20, 2000) },
  regenerate: { instructions: STR('', 1, 2000) },
};
function json(c) {
  if (c.tool === 'balance') return;
  F.json?.(c);
  if (c.input !== undefined) return;
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: !F.replace }).decode(c.body);
    c.input = JSON.parse(text);
  } catch {
    throw err(400, 'invalid_json');
  }
}
function input(c) {
  if (c.tool === 'balance') return;
  const v = c.input;
  if (F.input?.(c, v)) return;
  if (v === null || typeof v !== 'object' || Array.isArray(v))
    throw err(400, 'invalid_input', F.wordInput ? F.wordInput() : 'The body must be an object.');
  for (const [k, f] of Object.entries(INPUT[c.tool])) {
    const why = f(Object.hasOwn(v, k) ? v[k] : undefined);
    if (why) {
      c.field = k;
      throw err(400, 'invalid_input', F.wordInput ? F.wordInput(k, why) : `Invalid input: "${k}" ${why}.`);
    }
  }
}
function workspace(c) {
  if (c.acct.ws.deleted && !F.undelete?.(c)) throw err(404, 'workspace_not_found');
}
function gate(c) {
  if (c.tool === 'roadmap' && c.acct.ws.plan === 'Free' && !F.ungate?.(c)) throw err(403, 'plan_gate');
}
function regen(c) {
  if (c.tool === 'regenerate' && c.acct.ws.capped.includes(c.project) && !F.uncap?.(c)) throw err(403, 'regen_limit');
}
function preflight(c) {
  if (c.cost && c.fault === 'preflight_failed') throw err(500, 'preflight_failed');
}
function credits(c) {
  const have = c.acct.ws.credits;
  if (have < c.cost && !F.overdraw?.(c)) {
    const n = F.numbers?.(c, c.cost, have) ?? [c.cost, have];
    throw err(402, 'insufficient_credits', F.word402 ? F.word402(...n) : `You need ${n[0]} credits but have ${n[1]}.`);
  }
}
async function generate(c) {
  if (c.tool === 'balance') return { credits: F.balance?.(c, c.acct.ws) ?? c.acct.ws.credits };
  if (c.fault === 'generation_failed') {
    await sleep(15);
    F.failed?.(c, c.acct.ws);
    throw err(502, 'generation_failed');
  }
  if (c.fault === 'generation_timeout') {
    await sleep(F.timeout?.(c) ?? GIVES_UP);
    F.timedOut?.(c, c.acct.ws);
    throw err(504, 'generation_timeout');
  }
  const key = F.idempotent && c.req.headers['idempotency-key'];
  await sleep(15);
  credits(c);
  c.acct.ws.credits -= c.cost;
  F.succeeded?.(c, c.acct.ws);
  return {
    result: { for: c.input.product ?? c.project, texts: ['Errors that keep their word.'] },
    creditsLeft: c.acct.ws.credits,
  };
}
const STEPS = { routed, auth, limit, json, input, workspace, gate, regen, preflight, credits };
const ORDER = F.order ?? [
  'auth',
  'limit',
  'routed',
  'big',
  'json',
  'input',
  'workspace',
  'gate',
  'regen',
  'preflight',
  'credits',
];
STEPS.big = c => {
  if (c.big) throw err(413, 'payload_too_large', 'The body is too large.');
  F.media?.(c, err);
};

const MAX = 1 << 20;
let N = 0;
async function handle(req, res) {
  const c = {
    req,
    res,
    n: ++N,
    method: req.method,
    path: req.url.replace(/^https?:\/\/[^/]*/i, '').split(/[?#]/)[0],
    t: Date.now(),
    err,
  };
  try {
    res.on('error', () => {});
    req.on('error', () => {});
    c.fault = req.headers['x-test-fault'];
    if (F.close) res.shouldKeepAlive = false;
    route(c);
    const parts = [];
    let size = 0;
    await new Promise((ok, no) => {
      req.on('data', d => {
        size += d.length;
        if (size > MAX) {
          c.big = true;
          ok();
        } else parts.push(d);
      });
      req.on('end', ok);
      req.on('close', ok);
    });
    c.body = Buffer.concat(parts);
    if (F.latency) await sleep(F.latency());
    await F.pre?.(c);
    for (const s of ORDER) STEPS[s](c);
    const out = await generate(c);
    const okHeaders = { 'Content-Type': 'application/json' };
    send(c, 200, okHeaders, JSON.stringify(out));
    F.after?.(c);
  } catch (e) {
    try {
      sendError(c, e);
      F.after?.(c);
    } catch (e2) {
      console.error(e2);
      res.destroy();
    }
  }
}
const server = http.createServer(
  { keepAliveTimeout: 20000, requestTimeout: 0, maxHeaderSize: 32768, insecureHTTPParser: false },
  handle,
);
server.on('checkContinue', (req, res) => {
  res.writeContinue();
  handle(req, res);
});
server.on('checkExpectation', handle);
const rawEnv = (status, reason, code, message) => {
  const b = JSON.stringify({ error: { code, message, docs: DOCS, requestId: crypto.randomBytes(8).toString('hex') } });
  return `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(b)}\r\nConnection: close\r\n\r\n${b}`;
};
server.on('connect', (req, s) => {
  s.on('error', () => {});
  s.end(rawEnv(405, 'Method Not Allowed', 'method_not_allowed', 'Use GET or POST.'));
});
server.on('clientError', (e, s) => {
  if (!s.writable) return s.destroy();
  if (e.code === 'HPE_HEADER_OVERFLOW')
    s.end(rawEnv(431, 'Request Header Fields Too Large', 'headers_too_large', 'The headers are too large.'));
  else s.end(rawEnv(400, 'Bad Request', 'bad_request', 'The request is not HTTP.'));
});
process.on('uncaughtException', e => console.error(e));
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
