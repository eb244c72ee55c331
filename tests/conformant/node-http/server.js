'use strict';
// Plain node:http servers that keep the published error page. A variant is a set of flags over `base`.
const http = require('node:http');
const zlib = require('node:zlib');
const { randomBytes, randomUUID } = require('node:crypto');
const { setTimeout: sleep } = require('node:timers/promises');
const { limiters, WINDOW } = require('./limiters.js');

const DOCS = 'https://www.planmysaas.com/docs/api/errors';
const fill = (n) => String(n).padStart(6, '0');
let count = 0;

const base = {
  limiter: 'fixed', // 60 a window that starts with the key's first request
  retryAfter: (wait) => Math.ceil(wait),
  order: ['auth', 'rate', 'json', 'input', 'workspace', 'plan', 'regen', 'preflight', 'credits'],
  carriers: ['x-api-key', 'authorization'], // the first that holds a key wins
  emptyKey: 'missing_api_key',
  shape: 'prefix', // anything after pms_live_ is looked up, save whitespace and quotes
  timeout: 90,
  decode: (bytes) => bytes.toString('utf8'), // invalid UTF-8 becomes U+FFFD
  drained: 4,
  type: 'application/json',
  requestId: randomUUID,
  funds: (need, have) => `You need ${need} credits but have ${have}.`,
  input: (wrong) => `${wrong[0].field}: ${wrong[0].why}`,
  envelope: (error) => ({ error }),
  render: JSON.stringify,
  headers: () => ({}),
  names: (name) => name,
  deliver: 'length',
};

const variants = {
  // The page word for word, and nothing else.
  plain: {},

  // The page says nothing of what stands before the API: this gateway wants a Content-Length, answers 411
  // itself, closes every connection, and says Retry-After on 5xx too. Its windows go by the wall clock.
  gateway: {
    limiter: 'wall', lengthRequired: true, shape: 'strict', emptyKey: 'malformed_api_key', timeout: 120,
    headers: (status) => ({ Connection: 'close', Via: '1.1 edge', Server: 'edge', ...(status > 500 && { 'Retry-After': 2 }) }),
    requestId: () => `edge-${fill(++count)}`,
    funds: (need, have) => `${have} of ${need} credits`,
  },

  // RFC 9110 lets a server gzip when the request accepts it, and also when it has no Accept-Encoding. The
  // sliding log counts every request with a known key, and the JSON check comes before it.
  gzip: {
    limiter: 'log', codings: ['gzip'], codedWhenSilent: true,
    order: ['auth', 'json', 'rate', 'credits', 'workspace', 'regen', 'plan', 'input', 'preflight'],
    type: 'application/json; charset=utf-8',
    requestId: () => randomBytes(6).toString('hex'),
    funds: (need, have) => `${need} credits needed, ${have} left`,
    input: (wrong) => wrong.map(({ field, why }) => `body.${field} ${why}`).join('; '),
  },

  // Brotli or gzip when asked for, in chunks that a client has to put together again.
  dribble: {
    limiter: 'gcra', codings: ['br', 'gzip'], deliver: 'pieces', timeout: 100,
    type: 'application/vnd.planmysaas.v1+json',
    requestId: () => `req_${randomBytes(12).toString('base64url')}`,
    funds: (need, have) => `Need ${need.toFixed(2)} / have ${have.toFixed(2)}`,
    input: (wrong) => `/${wrong[0].field} ${wrong[0].why}`,
  },

  // "60 req/min" may count what is refused, so a client that keeps on asking stays out. Answers take 20 to
  // 300 ms, and a tool has the page's whole five minutes.
  jitter: {
    limiter: 'logAll', latency: [20, 300], timeout: 300, order: ['auth', 'rate', 'workspace', 'json', 'plan', 'input', 'regen', 'preflight', 'credits'],
    headers: () => ({ 'Cache-Control': 'no-store', 'Set-Cookie': [`visit=${randomBytes(4).toString('hex')}; HttpOnly`, 'lang=en; Path=/'] }),
    funds: (need, have) => `Balance too low: this call costs ${need} and you have ${have} credits.`,
  },

  // A body in UTF-16 is decoded, then judged as JSON, for the page names no encoding. Pretty-printed.
  utf16: {
    limiter: 'bucket', decode: sniff, type: 'Application/JSON; Charset="UTF-8"',
    retryAfter: (wait) => Math.ceil(wait) + 1,
    render: (value) => `${JSON.stringify(value, null, 2)}\n`,
    requestId: () => randomBytes(16).toString('hex').toUpperCase(),
    drained: 9.5, // the page does not say that credits are whole
    input: (wrong) => `Invalid input at $.${wrong.map((w) => w.field).join(', $.')}`,
  },

  // Bytes that are no UTF-8 are no JSON text (RFC 8259), so invalid_json. The key has to have exactly the
  // length and alphabet of issued ones. The envelope has members of RFC 9457 around it.
  fatal: {
    limiter: 'counter', shape: 'strict', decode: (bytes) => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
    type: 'application/problem+json', tellsLimit: true,
    envelope: (error, status) => ({ type: 'about:blank', title: http.STATUS_CODES[status], status, error: { ...error, timestamp: new Date().toISOString() } }),
    headers: (status) => (status === 401 ? { 'WWW-Authenticate': 'Bearer realm="planmysaas", error="invalid_token"' } : {}),
    funds: (need, have) => `You have ${have} credits; this call costs ${need}`,
    input: (wrong) => `${wrong[0].field.toUpperCase()} ${wrong[0].why}`,
  },

  // The same JSON, spelled with escapes and whitespace; messages in German with non-breaking spaces.
  escaped: {
    limiter: 'whole', timeout: 91, decode: (bytes) => new TextDecoder().decode(bytes), // drops a BOM
    render: (value) => `\r\n\t${JSON.stringify(value).replace(/\//g, '\\/').replace(/[^\x00-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)} \n\n`,
    funds: (need, have) => `Für diesen Aufruf brauchen Sie ${need}\u00a0Credits, Sie haben aber nur ${have}\u00a0Credits.`,
    input: (wrong) => `Das Feld „${wrong[0].field}“ ist ungültig.`,
    requestId: () => `${Date.now().toString(36)}:${++count}`,
  },

  // A limit may punish for longer than its minute, as long as Retry-After says so. The balance is zero, said
  // in a word. RFC 9110 has Retry-After as digits, so a zero may lead. Header names are in lower case.
  penalty: {
    limiter: 'penalty', drained: 0, names: (name) => name.toLowerCase(), bareKey: true,
    retryAfter: (wait) => `0${Math.ceil(wait)}`,
    carriers: ['authorization', 'x-api-key'],
    envelope: (error, status) => ({ ok: false, status, error: { docs: error.docs, requestId: error.requestId, code: error.code, details: null, message: error.message, errors: [error.code] } }),
    funds: (need) => `This call costs ${need} credits; you have no credits.`,
  },

  // HTTP lets a server send 102 and 103 before its answer, and any reason or none. Trailers end the body.
  interim: {
    limiter: 'log', interim: true, deliver: 'trailers', reason: '', timeout: 180,
    retryAfter: () => Math.ceil(WINDOW), // longer than needed, and still true
    order: ['auth', 'workspace', 'rate', 'json', 'input', 'preflight', 'credits', 'plan', 'regen'],
    funds: (need, have) => `Il faut ${need} crédits, il vous en reste ${have}.`,
    input: (wrong) => `Champ « ${wrong[0].field} » invalide`,
  },

  // A body without a length ends with its connection, as in HTTP/1.0. Credits are taken first and given
  // back before a failure is answered, so that nothing is charged on that response.
  reserving: {
    limiter: 'fixed', deliver: 'close', reserve: true, drained: -3, names: (name) => name.toUpperCase(),
    reason: 'See The Body', emptyKey: 'malformed_api_key', created: true,
    funds: (need, have) => `Saldo: ${have} créditos; costo: ${need} créditos`,
    requestId: () => (++count).toString(16).padStart(8, '0'),
  },

  // Idle connections last one second and serve seven requests. Only answers of 2xx count for the limit.
  'short-lived': {
    limiter: 'fixed', countsOnlyServed: true, keepAlive: 1000, perSocket: 7, shape: 'strict', latency: [40, 60],
    type: 'application/json;charset=utf8', tellsLimit: true, drained: 0,
    funds: (need) => `Credits available: none. Credits required: ${need}.`,
    headers: () => ({ 'Access-Control-Allow-Origin': '*', 'Strict-Transport-Security': 'max-age=31536000' }),
  },
};

if (process.argv[2] === '--variants') {
  console.log(Object.keys(variants).join('\n'));
  process.exit();
}
if (!Object.hasOwn(variants, process.argv[2] ?? '')) {
  console.error('usage: run VARIANT | --variants | --missing');
  process.exit(2);
}
const v = { ...base, ...variants[process.argv[2]] };
const TIMEOUT = Number(process.env.TIMEOUT_SECONDS || v.timeout);
const limiter = limiters[v.limiter]();

const accounts = new Map();
for (const [slot, account] of Object.entries({
  VALID: { plan: 'Pro', credits: 1_000_000 },
  // For a target whose slot has several keys.
  VALID_2: { plan: 'Pro', credits: 1_000_000 },
  VALID_3: { plan: 'Pro', credits: 1_000_000 },
  BURST: { plan: 'Pro', credits: 1_000_000 },
  REVOKED: { revoked: true },
  DRAINED: { plan: 'Pro', credits: v.drained },
  FREE_PLAN: { plan: 'Free', credits: 50_000 },
  REGEN_CAPPED: { plan: 'Starter', credits: 50_000, capped: true },
  ORPHANED: { orphaned: true },
})) {
  const key = process.env[`ERRPROOF_KEY_${slot}`];
  if (key) accounts.set(key, account);
}

const shapes = { prefix: /^pms_live_[^\s"'`]+$/, strict: strictShape([...accounts.keys()]) };

// The kinds of characters in the keys that were issued, and their lengths.
function strictShape(keys) {
  const tails = keys.map((key) => key.slice('pms_live_'.length));
  const rare = [...new Set(tails.join('').replace(/[a-zA-Z0-9]/g, ''))].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const kinds = ['a-z', 'A-Z', '0-9'].filter((kind) => tails.some((tail) => new RegExp(`[${kind}]`).test(tail)));
  const lengths = [...new Set(tails.map((tail) => tail.length))].map((n) => `[${kinds.join('')}${rare.join('')}]{${n}}`);
  return new RegExp(`^pms_live_(?:${lengths.join('|')})$`);
}

const text = (min, max) => (value) =>
  typeof value !== 'string' ? 'must be a text' : [...value].length < min ? `must have at least ${min} characters` : [...value].length > max && `must have at most ${max} characters`;
const tagline = {
  product: text(3, 80),
  description: text(20, 2000),
  tone: (value) => !['plain', 'playful', 'bold', 'formal'].includes(value) && 'must be plain, playful, bold or formal',
  count: (value) => value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= 10) && 'must be a whole number from 1 to 10',
};
const tools = [
  { path: /^\/api\/v1\/tools\/tagline$/, cost: 10, fields: tagline },
  { path: /^\/api\/v1\/tools\/roadmap$/, cost: 150, fields: { product: text(1, 1e6), description: text(1, 1e6) }, gated: true },
  { path: /^\/api\/v1\/projects\/[^/]+\/regenerate$/, cost: 20, fields: { instructions: text(1, 1e6) }, regenerates: true },
];

const statuses = {
  missing_api_key: 401, malformed_api_key: 401, invalid_api_key: 401, revoked_api_key: 401, invalid_json: 400, invalid_input: 400,
  insufficient_credits: 402, plan_gate: 403, regen_limit: 403, rate_limited: 429, generation_failed: 502, generation_timeout: 504,
  workspace_not_found: 404, preflight_failed: 500, route_not_found: 404, payload_too_large: 413, internal_error: 500,
};
const messages = {
  missing_api_key: 'Pass your key in X-API-Key or Authorization.', malformed_api_key: 'That is not the form of a key. Copy it exactly as shown.',
  invalid_api_key: 'No such key.', revoked_api_key: 'This key was revoked. Generate a new one.', invalid_json: 'The body is not valid JSON.',
  plan_gate: 'This tool is for the Starter plan and above.', regen_limit: 'This project has no regenerations left on your plan.',
  rate_limited: 'More than 60 requests a minute. Wait Retry-After seconds.', generation_failed: 'The generator failed. Nothing was charged.',
  generation_timeout: 'The generator took too long. Break up long inputs and retry.', workspace_not_found: 'The workspace of this key was deleted.',
  preflight_failed: 'The check of your credits failed. Retry later.', route_not_found: 'Nothing is here.', payload_too_large: 'The body is too large.',
  internal_error: 'Something went wrong.',
};

class Refusal extends Error {
  constructor(code, message = messages[code], headers = {}) {
    super(message);
    Object.assign(this, { code, headers });
  }
}

const checks = {
  auth(call) {
    const { headers } = call.req;
    const carried = v.carriers.map((name) => {
      const value = headers[name];
      if (name === 'x-api-key' || value === undefined) return value;
      const bearer = /^bearer(?: +(.*))?$/i.exec(value);
      return bearer ? bearer[1] ?? '' : v.bareKey ? value : undefined;
    });
    const key = carried.find((value) => value) ?? carried.find((value) => value !== undefined);
    if (key === undefined) throw new Refusal('missing_api_key');
    if (key === '') throw new Refusal(v.emptyKey);
    if (!shapes[v.shape].test(key)) throw new Refusal('malformed_api_key');
    call.account = accounts.get(key);
    call.key = key;
    if (!call.account) throw new Refusal('invalid_api_key');
    if (call.account.revoked) throw new Refusal('revoked_api_key');
  },
  rate(call) {
    const wait = limiter.take(call.key);
    if (wait === 0 && v.countsOnlyServed) call.giveBack = limiter.mark(call.key);
    if (wait > 0) throw new Refusal('rate_limited', undefined, { 'Retry-After': v.retryAfter(wait), ...(v.tellsLimit && { 'RateLimit-Limit': 60, 'RateLimit-Remaining': 0, 'RateLimit-Reset': Math.ceil(wait) }) });
  },
  async json(call) {
    if (!call.tool) return;
    const parts = [];
    let size = 0;
    for await (const part of call.req) {
      parts.push(part);
      if ((size += part.length) > 1_000_000) throw new Refusal('payload_too_large', undefined, { Connection: 'close' });
    }
    try {
      call.body = JSON.parse(v.decode(Buffer.concat(parts)));
    } catch {
      throw new Refusal('invalid_json');
    }
  },
  input({ tool, body }) {
    if (!tool) return;
    if (body === null || typeof body !== 'object' || Array.isArray(body)) throw new Refusal('invalid_input', 'body: must be an object');
    const wrong = Object.entries(tool.fields).map(([field, judge]) => ({ field, why: judge(body[field]) })).filter((found) => found.why);
    if (wrong.length) throw new Refusal('invalid_input', v.input(wrong));
  },
  workspace: ({ account }) => refuseIf(account.orphaned, 'workspace_not_found'),
  plan: ({ account, tool }) => refuseIf(tool?.gated && account.plan === 'Free', 'plan_gate'),
  regen: ({ account, tool }) => refuseIf(tool?.regenerates && account.capped, 'regen_limit'),
  preflight: ({ req, tool }) => refuseIf(tool && req.headers['x-test-fault'] === 'preflight_failed', 'preflight_failed'),
  credits: ({ account, tool }) => refuseIf(tool && account.credits < tool.cost, 'insufficient_credits', () => v.funds(tool.cost, account.credits)),
};

function refuseIf(so, code, message = () => messages[code]) {
  if (so) throw new Refusal(code, message());
}

async function serve(call) {
  const { req, res } = call;
  const path = req.url.split('?')[0];
  call.tool = req.method === 'POST' ? tools.find((tool) => tool.path.test(path)) : undefined;
  if (!call.tool && !(req.method === 'GET' && path === '/api/v1/credits')) throw new Refusal('route_not_found');
  for (const check of v.order) await checks[check](call);
  const { account, tool } = call;
  if (!tool) return { credits: account.credits };
  if (v.reserve) account.credits -= tool.cost;
  const fault = req.headers['x-test-fault'];
  if (fault === 'generation_timeout') {
    if (v.interim) res.writeProcessing();
    await sleep(TIMEOUT * 1000);
  }
  if (fault === 'generation_timeout' || fault === 'generation_failed') {
    if (v.reserve) account.credits += tool.cost;
    throw new Refusal(fault);
  }
  if (!v.reserve) account.credits -= tool.cost;
  return { result: { taglines: ['Errors that keep their word.'] }, creditsLeft: account.credits };
}

// RFC 9110, 12.5.3: the first coding of ours that the request accepts.
function coding(accepts) {
  if (accepts === undefined) return v.codedWhenSilent ? v.codings[0] : undefined;
  const weights = new Map(accepts.toLowerCase().split(',').map((part) => {
    const [name, ...rest] = part.split(';').map((s) => s.trim());
    return [name, Number(rest.find((s) => s.startsWith('q='))?.slice(2) ?? 1)];
  }));
  return v.codings.find((name) => (weights.get(name) ?? weights.get('*') ?? 0) > 0);
}

async function send(call, status, value, more) {
  const { req, res } = call;
  let bytes = Buffer.from(v.render(value));
  const headers = { 'Content-Type': v.type, 'X-Request-Id': call.id, ...v.headers(status), ...more };
  if (v.codings) {
    headers.Vary = 'Accept-Encoding';
    const name = coding(req.headers['accept-encoding']);
    if (name) headers['Content-Encoding'] = name;
    if (name) bytes = name === 'br' ? zlib.brotliCompressSync(bytes) : zlib.gzipSync(bytes);
  }
  if (v.deliver === 'length') headers['Content-Length'] = bytes.length;
  // A response to HEAD has no body for trailers to follow.
  const trails = v.deliver === 'trailers' && req.method !== 'HEAD';
  if (trails) headers.Trailer = 'X-Served-In';
  if (v.deliver === 'close') res.useChunkedEncodingByDefault = false;
  if (v.interim) res.writeEarlyHints({ link: `<${DOCS}>; rel=help` });
  for (const [name, held] of Object.entries(headers)) res.setHeader(v.names(name), held);
  if (v.reason === undefined) res.writeHead(status);
  else res.writeHead(status, v.reason);
  if (v.deliver === 'pieces') {
    for (let at = 0; at < bytes.length; at += 37) {
      res.write(bytes.subarray(at, at + 37));
      await new Promise(setImmediate);
    }
    return res.end();
  }
  if (trails) {
    res.write(bytes);
    res.addTrailers({ 'X-Served-In': '1ms' });
    return res.end();
  }
  res.end(bytes);
}

// By its BOM, or by where its zeros are, as RFC 4627 told encodings apart.
function sniff(bytes) {
  const [a, b] = bytes;
  if ((a === 0xfe && b === 0xff) || (a === 0 && b)) return new TextDecoder('utf-16be').decode(bytes);
  if ((a === 0xff && b === 0xfe) || (a && b === 0)) return new TextDecoder('utf-16le').decode(bytes);
  return new TextDecoder().decode(bytes);
}

const server = http.createServer({ keepAliveTimeout: v.keepAlive ?? 5000 }, async (req, res) => {
  const call = { req, res, id: v.requestId() };
  try {
    if (v.lengthRequired && req.method === 'POST' && req.headers['content-length'] === undefined) {
      res.writeHead(411, { 'Content-Type': 'text/html', Connection: 'close' });
      return res.end('<html><title>411 Length Required</title><h1>411 Length Required</h1></html>\n');
    }
    if (v.latency) await sleep(v.latency[0] + Math.random() * (v.latency[1] - v.latency[0]));
    const value = await serve(call);
    await send(call, call.tool && v.created ? 201 : 200, value, {});
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal('internal_error');
    if (refusal !== error) console.error(error);
    call.giveBack?.();
    const status = statuses[refusal.code];
    const { code, message } = refusal;
    await send(call, status, v.envelope({ code, message, docs: DOCS, requestId: call.id }, status), refusal.headers);
  }
});
server.maxRequestsPerSocket = v.perSocket ?? 0;
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
