'use strict';
// Hono servers on @hono/node-server that keep the published error page. Bodies are read by c.req.json(), whose decoder
// replaces what is no UTF-8 and drops a BOM. A variant is a set of flags over `base`.
const { randomBytes, randomInt, randomUUID } = require('node:crypto');
const { setTimeout: sleep } = require('node:timers/promises');

const DOCS = 'https://www.planmysaas.com/docs/api/errors';
const WINDOW = Number(process.env.WINDOW_SECONDS || 60);
let count = 0;

const base = {
  steps: ['auth', 'rate', 'json', 'input', 'workspace', 'plan', 'regen', 'preflight', 'credits'],
  limiter: 'flexible',
  retryAfter: (seconds) => Math.max(1, Math.ceil(seconds)),
  read: (c) => c.req.json(),
  emptyKey: 'missing_api_key',
  timeout: 90,
  drained: 4,
  requestId: randomUUID,
  middleware: () => [],
  say: (wrong) => `${wrong[0]} is missing or wrong`,
  funds: (need, have) => `You need ${need} credits but have ${have}.`,
  envelope: (error) => ({ error }),
  headers: () => ({}),
};

const variants = {
  // Hono alone, and rate-limiter-flexible: a window from the key's first request.
  plain: {},

  // gzip or deflate by Hono's middleware, CORS and security headers, ETags, Server-Timing. The message of a 402 has the
  // need and the balance in one line of figures.
  dressed: {
    middleware: () => [
      require('hono/etag').etag(), require('hono/compress').compress({ threshold: 0 }), require('hono/cors').cors({ exposeHeaders: ['Retry-After'] }),
      require('hono/secure-headers').secureHeaders(), require('hono/timing').timing(), require('hono/powered-by').poweredBy(),
    ],
    steps: ['auth', 'json', 'input', 'rate', 'workspace', 'credits', 'plan', 'regen', 'preflight'],
    type: 'application/json', timeout: 110,
    funds: (need, have) => `credits: ${have}/${need}`,
    say: (wrong) => `Wrong: ${wrong.map((name) => `body.${name}`).join(', ')}`,
  },

  // Who passes the limit is kept out for a window and a quarter, and is told so. Pretty-printed whatever the query says. Empty
  // keys are malformed. Hono's own timeout gives up on the generator.
  blocking: {
    block: 1.25, emptyKey: 'malformed_api_key', ownTimeout: true, drained: 0, timeout: 120,
    middleware: () => [require('hono/pretty-json').prettyJSON({ force: true })],
    requestId: () => `${Date.now()}-${++count}`,
    headers: (status) => ({ 'cache-control': 'no-store', ...(status === 401 && { 'www-authenticate': 'ApiKey' }) }),
    funds: (need) => `Not enough: you have none, and the call costs ${need} credits.`,
  },

  // UTF-16 is told by its BOM or charset and decoded. The window slides by the exact times of all requests, refused ones
  // too. The body flows in chunks. A key has to be as long as the issued ones. In Russian.
  utf16: {
    read: readAny, limiter: 'logAll', streamed: true, sameLength: true, timeout: 300,
    type: 'application/vnd.planmysaas.error+json; charset=utf-8',
    requestId: () => randomBytes(8).toString('hex'),
    headers: () => ({ 'content-language': 'ru', 'set-cookie': `seen=${randomInt(1000)}; Path=/; SameSite=Lax` }),
    say: (wrong) => `Поле «${wrong[0]}» заполнено неверно`,
    funds: (need, have) => `Нужно кредитов: ${need}, осталось: ${have}`,
  },

  // Strict about bytes, and about Content-Length, which a chunked request has not. The media type has to be JSON as Hono's
  // validator sees it, or else what was sent counts as no JSON. Windows are those of the clock, and Retry-After has a second more than is left.
  strict: {
    read: readStrictly, lengthRequired: true, limiter: 'clock', retryAfter: (seconds) => Math.ceil(seconds) + 1,
    steps: ['auth', 'workspace', 'plan', 'regen', 'rate', 'preflight', 'credits', 'json', 'input'],
    type: 'application/problem+json', created: true, drained: 9, timeout: 150,
    requestId: () => `PMS-${String(++count).padStart(10, '0')}`,
    envelope: (error, status) => ({ type: DOCS, title: error.code.replaceAll('_', ' '), status, instance: `urn:request:${error.requestId}`, errors: [{ detail: error.message }], error }),
    headers: (status) => ({ connection: 'close', ...(status >= 500 && { 'retry-after': '5' }) }),
    say: (wrong) => `/${wrong[0]}`,
    funds: (need, have) => `${need}\u00a0credits required; ${have}\u00a0available.`,
  },

  // Slow, on connections that idle for one second only. GCRA lets sixty in at once, and then one by one. The key may come in
  // Authorization with or without Bearer, which wins over X-API-Key. Credits are charged first and given back on failure.
  evasive: {
    limiter: 'gcra', latency: [20, 200], bearerFirst: true, bareKey: true, reserve: true, drained: -250, keepAlive: 1000,
    escaped: true, timeout: 90, requestId: () => randomBytes(32).toString('base64url'),
    envelope: (error) => ({ ok: false, error: { ...error, details: { help: DOCS, path: null }, timestamp: Date.now() } }),
    say: (wrong) => wrong.map((name) => `${name[0].toUpperCase()}${name.slice(1)} is not valid.`).join(' '),
    funds: (need, have) => `Your balance of ${have} credits is under the ${need} credits that this takes — top up!`,
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

const { Hono } = require('hono');
const { serve } = require('@hono/node-server');
const { timeout } = require('hono/timeout');
const { bodyLimit } = require('hono/body-limit');

const accounts = new Map();
for (const [slot, account] of Object.entries({
  VALID: { plan: 'Pro', credits: 1_000_000 },
  BURST: { plan: 'Pro', credits: 1_000_000 },
  REVOKED: { revoked: true },
  DRAINED: { plan: 'Pro', credits: v.drained },
  FREE_PLAN: { plan: 'Free', credits: 70_000 },
  REGEN_CAPPED: { plan: 'Starter', credits: 70_000, capped: true },
  ORPHANED: { orphaned: true },
})) {
  const key = process.env[`ERRPROOF_KEY_${slot}`];
  if (key) accounts.set(key, account);
}

const sized = (min, max) => (text) => typeof text === 'string' && [...text].length >= min && [...text].length <= max;
const any = sized(1, Infinity);
const tools = {
  '/tools/tagline': {
    cost: 10,
    input: {
      product: sized(3, 80),
      description: sized(20, 2000),
      tone: (word) => ['plain', 'playful', 'bold', 'formal'].includes(word),
      count: (n) => n === undefined || (Number.isInteger(n) && n >= 1 && n <= 10),
    },
  },
  '/tools/roadmap': { cost: 150, gated: true, input: { product: any, description: any } },
  '/projects/:project/regenerate': { cost: 20, regenerates: true, input: { instructions: any } },
};

const codes = {
  missing_api_key: [401, 'No key was sent.'],
  malformed_api_key: [401, 'The key has not the form pms_live_…'],
  invalid_api_key: [401, 'Nobody has this key.'],
  revoked_api_key: [401, 'This key does not work any more.'],
  invalid_json: [400, 'The body cannot be parsed.'],
  plan_gate: [403, 'Not on your plan. Starter and higher have this tool.'],
  regen_limit: [403, 'No more regenerations for this project.'],
  invalid_input: [400], insufficient_credits: [402],
  rate_limited: [429, 'You are over 60 requests a minute.'],
  generation_failed: [502, 'The upstream model failed.'],
  generation_timeout: [504, 'The upstream model is too slow.'],
  workspace_not_found: [404, 'No workspace belongs to this key.'],
  preflight_failed: [500, 'Preflight failed.'],
  unknown_route: [404, 'Unknown route.'],
  length_required: [411, 'Content-Length is required.'],
  payload_too_large: [413, 'Too large.'],
  internal_error: [500, 'Internal error.'],
};

class Refusal extends Error {
  constructor(code, message = codes[code][1], headers = {}) {
    super(message);
    Object.assign(this, { code, headers });
  }
}
const refuseIf = (so, code, message) => {
  if (so) throw new Refusal(code, message);
};

async function readAny(c) {
  const bytes = new Uint8Array(await c.req.arrayBuffer());
  const charset = /charset="?(utf-16(?:le|be)?)"?/i.exec(c.req.header('content-type') ?? '')?.[1].toLowerCase();
  const bom = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
  return JSON.parse(new TextDecoder(bom ?? charset ?? 'utf-8').decode(bytes));
}
async function readStrictly(c) {
  const type = (c.req.header('content-type') ?? '').split(';')[0].trim();
  if (!/^application\/([\w.-]+\+)?json$/i.test(type)) throw new SyntaxError('not sent as JSON');
  return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await c.req.arrayBuffer()));
}

// take(key) gives the seconds to wait, or 0. `fresh` is what is known of a key at first.
const own = (fresh, take, clock = () => performance.now() / 1000) => () => {
  const states = new Map();
  return (key) => {
    if (!states.has(key)) states.set(key, fresh());
    return take(states.get(key), clock());
  };
};
const limiters = {
  flexible: () => {
    const { RateLimiterMemory } = require('rate-limiter-flexible');
    const limiter = new RateLimiterMemory({ points: 60, duration: WINDOW, ...(v.block && { blockDuration: Math.ceil(v.block * WINDOW) }) });
    return (key) => limiter.consume(key).then(() => 0, (refused) => refused.msBeforeNext / 1000 || 1);
  },
  logAll: own(() => [], (times, now) => {
    while (times[0] <= now - WINDOW) times.shift();
    const admitted = times.length < 60;
    times.push(now);
    if (times.length > 60) times.shift();
    return admitted ? 0 : times[0] + WINDOW - now;
  }),
  clock: own(() => ({ used: 0 }), (state, now) => {
    const index = Math.floor(now / WINDOW);
    if (state.index !== index) Object.assign(state, { index, used: 0 });
    if (state.used === 60) return (index + 1) * WINDOW - now;
    state.used += 1;
    return 0;
  }, () => Date.now() / 1000),
  gcra: own(() => ({ due: 0 }), (state, now) => {
    const early = Math.max(state.due, now) - now - (59 * WINDOW) / 60;
    if (early > 1e-9) return early;
    state.due = Math.max(state.due, now) + WINDOW / 60;
    return 0;
  }),
};
const take = limiters[v.limiter]();

function presented(c) {
  const authorization = c.req.header('authorization');
  const bearer = authorization?.match(/^bearer(?: +(.*))?$/i);
  const found = [c.req.header('x-api-key'), bearer ? bearer[1] ?? '' : v.bareKey ? authorization : undefined];
  if (v.bearerFirst) found.reverse();
  return found.find(Boolean) ?? found.find((key) => key === '');
}

const steps = {
  auth(c) {
    const key = presented(c);
    refuseIf(key === undefined, 'missing_api_key');
    refuseIf(key === '', v.emptyKey);
    refuseIf(!/^pms_live_[^\s"'`]+$/.test(key), 'malformed_api_key');
    refuseIf(v.sameLength && ![...accounts.keys()].some((issued) => issued.length === key.length), 'malformed_api_key');
    c.set('key', key);
    c.set('account', accounts.get(key));
    refuseIf(!accounts.has(key), 'invalid_api_key');
    refuseIf(accounts.get(key).revoked, 'revoked_api_key');
  },
  async rate(c) {
    const wait = await take(c.get('key'));
    if (wait > 0) throw new Refusal('rate_limited', undefined, { 'retry-after': String(v.retryAfter(wait)) });
  },
  async json(c, tool) {
    if (!tool) return;
    try {
      c.set('body', await v.read(c));
    } catch {
      throw new Refusal('invalid_json');
    }
  },
  input(c, tool) {
    if (!tool) return;
    const body = c.get('body');
    if (body === null || typeof body !== 'object' || Array.isArray(body)) throw new Refusal('invalid_input', 'The body has to be an object.');
    const wrong = Object.keys(tool.input).filter((name) => !tool.input[name](body[name]));
    if (wrong.length) throw new Refusal('invalid_input', v.say(wrong));
  },
  workspace: (c) => refuseIf(c.get('account').orphaned, 'workspace_not_found'),
  plan: (c, tool) => refuseIf(tool?.gated && c.get('account').plan === 'Free', 'plan_gate'),
  regen: (c, tool) => refuseIf(tool?.regenerates && c.get('account').capped, 'regen_limit'),
  preflight: (c, tool) => refuseIf(tool && c.req.header('x-test-fault') === 'preflight_failed', 'preflight_failed'),
  credits(c, tool) {
    const { credits } = c.get('account');
    refuseIf(tool && credits < tool.cost, 'insufficient_credits', tool && v.funds(tool.cost, credits));
  },
};
const check = (tool) => async (c, next) => {
  for (const step of v.steps) await steps[step](c, tool);
  await next();
};

function answer(c, status, value, headers = {}) {
  let text = JSON.stringify(value);
  if (v.escaped) text = text.replace(/[/\u007f-\uffff]/g, (char) => (char === '/' ? '\\/' : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`));
  const all = { 'content-type': v.type ?? 'application/json; charset=UTF-8', 'x-request-id': c.get('id'), ...v.headers(status), ...headers };
  if (!v.streamed) return c.body(text, status, all);
  const bytes = new TextEncoder().encode(text);
  const half = bytes.length >> 1;
  const parts = [bytes.subarray(0, half), bytes.subarray(half)];
  return c.body(new ReadableStream({ pull: (to) => (parts.length ? to.enqueue(parts.shift()) : to.close()) }), status, all);
}

const app = new Hono();
app.use(async (c, next) => {
  c.set('id', v.requestId());
  if (v.latency) await sleep(v.latency[0] + Math.random() * (v.latency[1] - v.latency[0]));
  await next();
});
v.middleware().forEach((middleware) => app.use(middleware));
app.use(async (c, next) => {
  refuseIf(v.lengthRequired && c.req.method === 'POST' && !c.req.header('content-length'), 'length_required');
  await next();
});
app.use(bodyLimit({ maxSize: 1_000_000, onError: () => { throw new Refusal('payload_too_large', undefined, { connection: 'close' }); } }));

const api = app.basePath('/api/v1');
api.get('/credits', check(), (c) => answer(c, 200, { credits: c.get('account').credits }));
for (const [path, tool] of Object.entries(tools)) {
  const patience = v.ownTimeout ? [timeout(TIMEOUT * 1000, () => new Refusal('generation_timeout'))] : [];
  api.post(path, check(tool), ...patience, async (c) => {
    const account = c.get('account');
    const fault = c.req.header('x-test-fault');
    if (v.reserve) account.credits -= tool.cost;
    if (fault === 'generation_timeout') await sleep((v.ownTimeout ? 3 : 1) * TIMEOUT * 1000);
    if (fault === 'generation_timeout' || fault === 'generation_failed') {
      if (v.reserve) account.credits += tool.cost;
      throw new Refusal(fault);
    }
    if (!v.reserve) account.credits -= tool.cost;
    return answer(c, v.created ? 201 : 200, { result: 'Errors that keep their word.', creditsLeft: account.credits });
  });
}
app.notFound((c) => refuse(new Refusal('unknown_route'), c));
app.onError(refuse);

function refuse(error, c) {
  if (!(error instanceof Refusal)) console.error(error);
  const { code, message, headers } = error instanceof Refusal ? error : new Refusal('internal_error');
  const [status] = codes[code];
  return answer(c, status, v.envelope({ code, message, docs: DOCS, requestId: c.get('id') }, status), headers);
}

const serverOptions = v.keepAlive ? { keepAliveTimeout: v.keepAlive } : {};
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', serverOptions }, ({ port }) => console.log(`listening on http://127.0.0.1:${port}`));
