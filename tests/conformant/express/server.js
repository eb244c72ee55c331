'use strict';
// Express 5 servers that keep the published error page, with Express' own body parser and with Zod, which the
// page names. A variant is a set of flags over `base`.
const { randomBytes, randomUUID } = require('node:crypto');
const { setTimeout: sleep } = require('node:timers/promises');

const DOCS = 'https://www.planmysaas.com/docs/api/errors';
const WINDOW = Number(process.env.WINDOW_SECONDS || 60);
let count = 0;

const base = {
  steps: ['auth', 'rate', 'parse', 'input', 'workspace', 'plan', 'regen', 'preflight', 'credits'],
  limiter: 'package',
  limit: {}, // options of express-rate-limit
  parser: { type: () => true }, // JSON whatever the Content-Type says
  settings: {},
  emptyKey: 'missing_api_key',
  bearerFirst: false,
  shape: /^pms_live_\S+$/,
  timeout: 90,
  drained: 4,
  requestId: randomUUID,
  say: (z, error) => `${error.issues[0].path.join('.') || 'body'}: ${error.issues[0].message}`,
  funds: (need, have) => `You need ${need} credits but have ${have}.`,
  envelope: (error) => ({ error }),
  headers: () => ({}),
};

const variants = {
  // express.json() before everything, as most Express servers have it: a body that is not JSON is refused before
  // the key is looked at, for the page gives no order. What is not sent as JSON is no JSON. X-RateLimit headers.
  classic: {
    steps: ['parse', 'auth', 'rate', 'workspace', 'input', 'plan', 'regen', 'preflight', 'credits'],
    parser: {}, limit: { legacyHeaders: true },
  },

  // Zod itself: the message is the JSON of its issues, and texts are measured in UTF-16 units. Another media type is 415.
  // Requests that fail are not counted. Answers are compressed as the request accepts it.
  'zod-issues': {
    parser: { strict: false, type: ['json', '+json'] }, otherMedia: 'unsupported_media_type',
    utf16: true, compressed: true, limit: { skipFailedRequests: true, standardHeaders: 'draft-7' },
    say: (z, error) => error.message,
    funds: (need, have) => `insufficient_credits: required=${need} available=${have}`,
  },

  // Zod speaks French, all wrong fields are listed, and a key is as long as those that were issued.
  french: {
    locale: 'fr', limiter: 'log', latency: [20, 120], sameLength: true, settings: { 'json spaces': 4 },
    say: (z, error) => error.issues.map((issue) => `« ${issue.path.join('.') || 'body'} » : ${issue.message}`).join(' ; '),
    funds: (need, have) => `Cet appel coûte ${need}\u202fcrédits ; votre solde est de ${have}\u00a0crédits.`,
    headers: () => ({ 'Content-Language': 'fr' }),
  },

  // Zod's message for people, over several lines; RateLimit headers of a later draft; members of RFC 9457 beside `error`.
  pretty: {
    limit: { standardHeaders: 'draft-8' }, type: 'application/problem+json', drained: 0, timeout: 95,
    say: (z, error) => z.prettifyError(error),
    envelope: (error, status) => ({ type: DOCS, title: error.code, status, detail: error.message, error }),
    funds: (need) => `${need} credits needed, none left`,
    headers: (status) => (status === 401 ? { 'WWW-Authenticate': ['Bearer', 'ApiKey realm="api"'] } : {}),
  },

  // The limit is "per-key", so it can hold before anyone knows whose the key is: unknown and revoked ones have 60 a minute
  // as well. Chunked requests are answered 411, and each answer closes its connection.
  'limit-first': {
    steps: ['carry', 'rate', 'auth', 'workspace', 'preflight', 'credits', 'plan', 'regen', 'parse', 'input'],
    lengthRequired: true, emptyKey: 'malformed_api_key', bearerFirst: true,
    requestId: () => `r-${(++count).toString(36)}`,
    headers: (status) => ({ Connection: 'close', 'Cache-Control': 'no-store', ...(status >= 500 && { 'Retry-After': '1' }) }),
    funds: (need, have) => `You have ${have} credits; this call costs ${need}`,
    say: (z, error) => `Check these fields: ${[...new Set(error.issues.map((issue) => issue.path[0] ?? 'body'))].join(', ')}`,
  },

  // Only requests that are right in themselves count, so the limit comes last. Ten more calls are let in every
  // sixth of a window, up to sixty; Retry-After names the whole window, which is more than enough.
  lumps: {
    steps: ['auth', 'parse', 'input', 'workspace', 'plan', 'regen', 'credits', 'rate', 'preflight'],
    limiter: 'lumps', timeout: 300, settings: { 'json escape': true, etag: false, 'x-powered-by': false },
    requestId: ulid, envelope: (error, status) => ({ success: false, data: null, error: { ...error, status, errors: [{ code: error.code }] } }),
    say: (z, error) => `<${error.issues[0].path.map((part) => `/${part}`).join('') || 'body'}> is not right & has to change`,
    funds: (need, have) => `Saldo insuficiente: ${have} de ${need} créditos`,
  },

  // Bodies over 64 kB are too large, compressed ones are not read, and what cannot be read is no JSON. A key is looked up
  // if it has no quotes or whitespace. A profile stands in the media type, credits have two decimals.
  strict: {
    limiter: 'log', parser: { type: () => true, inflate: false, limit: '64kb', strict: false }, unreadable: 'invalid_json',
    type: 'application/json; profile="https://example.com/errors"', created: true, drained: -12.5,
    shape: /^pms_live_[^\s"']*$/, latency: [0, 30],
    funds: (need, have) => `This call costs ${need.toFixed(2)} cr. and your balance is ${have.toFixed(2)} cr.`,
    requestId: () => randomBytes(20).toString('base64url'),
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

const express = require('express');
const { z } = require('zod');
const { rateLimit } = require('express-rate-limit');
if (v.locale) z.config(z.locales[v.locale]());

const accounts = new Map();
for (const [slot, account] of Object.entries({
  VALID: { plan: 'Pro', credits: 1_000_000 },
  BURST: { plan: 'Pro', credits: 1_000_000 },
  REVOKED: { revoked: true },
  DRAINED: { plan: 'Pro', credits: v.drained },
  FREE_PLAN: { plan: 'Free', credits: 20_000 },
  REGEN_CAPPED: { plan: 'Starter', credits: 20_000, capped: true },
  ORPHANED: { orphaned: true },
})) {
  const key = process.env[`ERRPROOF_KEY_${slot}`];
  if (key) accounts.set(key, account);
}

const sized = (min, max) =>
  v.utf16 ? z.string().min(min).max(max) : z.string().refine((text) => [...text].length >= min && [...text].length <= max, `must have ${min} to ${max} characters`);
const text = z.string().min(1);
const tools = {
  '/tools/tagline': {
    cost: 10,
    input: z.object({
      product: sized(3, 80),
      description: sized(20, 2000),
      tone: z.enum(['plain', 'playful', 'bold', 'formal']),
      count: z.int().min(1).max(10).optional(),
    }),
  },
  '/tools/roadmap': { cost: 150, gated: true, input: z.object({ product: text, description: text }) },
  '/projects/:project/regenerate': { cost: 20, regenerates: true, input: z.object({ instructions: text }) },
};

const codes = {
  missing_api_key: [401, 'There is no key in X-API-Key or Authorization.'],
  malformed_api_key: [401, 'That does not look like a key.'],
  invalid_api_key: [401, 'This key is not known.'],
  revoked_api_key: [401, 'This key has been revoked.'],
  invalid_json: [400, 'The body has to be JSON.'],
  invalid_input: [400],
  insufficient_credits: [402],
  plan_gate: [403, 'Your plan does not have this tool; it takes Starter or higher.'],
  regen_limit: [403, 'The regenerations of this project are used up.'],
  rate_limited: [429, 'Too many requests: a key has 60 a minute.'],
  generation_failed: [502, 'The model answered with an error. You were not charged.'],
  generation_timeout: [504, 'The model took too long.'],
  workspace_not_found: [404, 'The workspace of this key is gone.'],
  preflight_failed: [500, 'Your credits could not be checked.'],
  not_found: [404, 'There is nothing at this path.'],
  bad_request: [400, 'The request could not be read.'],
  length_required: [411, 'Say Content-Length.'],
  payload_too_large: [413, 'The body is too large.'],
  unsupported_media_type: [415, 'Send the body as application/json in UTF-8.'],
  internal_error: [500, 'Something broke.'],
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

const limiters = {
  package: () =>
    rateLimit({
      windowMs: WINDOW * 1000, limit: 60, standardHeaders: 'draft-6', legacyHeaders: false, ...v.limit,
      keyGenerator: (req) => req.key, validate: false,
      handler: () => { throw new Refusal('rate_limited'); },
    }),
  log: () => own((times, now) => {
    while (times[0] <= now - WINDOW) times.shift();
    if (times.length >= 60) return Math.ceil(times[0] + WINDOW - now);
    times.push(now);
    return 0;
  }),
  lumps: () => own((state, now) => {
    const lump = Math.floor(now / (WINDOW / 6));
    state.left = Math.min(60, (state.left ?? 60) + 10 * (lump - (state.lump ?? lump)));
    state.lump = lump;
    if (state.left === 0) return Math.ceil(WINDOW);
    state.left -= 1;
    return 0;
  }),
};
function own(take) {
  const states = new Map();
  return (req, res, next) => {
    if (!states.has(req.key)) states.set(req.key, []);
    const wait = take(states.get(req.key), performance.now() / 1000);
    if (wait) throw new Refusal('rate_limited', undefined, { 'Retry-After': wait });
    next();
  };
}

function ulid() {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let time = Date.now();
  let out = '';
  for (let i = 0; i < 10; i += 1, time = Math.floor(time / 32)) out = digits[time % 32] + out;
  return out + [...randomBytes(16)].map((byte) => digits[byte % 32]).join('');
}

function carry(req) {
  const bearer = req.get('Authorization')?.match(/^bearer(?: +(.*))?$/i);
  const found = [req.get('X-API-Key'), bearer && (bearer[1] ?? '')];
  if (v.bearerFirst) found.reverse();
  req.key = found.find(Boolean) ?? found.find((key) => key === '');
  refuseIf(req.key === undefined, 'missing_api_key');
  refuseIf(req.key === '', v.emptyKey);
  refuseIf(!v.shape.test(req.key) || /["']/.test(req.key), 'malformed_api_key');
  refuseIf(v.sameLength && ![...accounts.keys()].some((key) => key.length === req.key.length), 'malformed_api_key');
}

const json = express.json({
  strict: false, // 42 is JSON, though no input
  limit: '500kb',
  ...v.parser,
  verify: (req, res, bytes) => refuseIf(bytes.length === 0, 'invalid_json'), // the parser would take nothing for {}
});

// Each is a middleware for a route's tool, which GET /credits has none of.
const steps = {
  carry: () => (req, res, next) => { carry(req); next(); },
  auth: () => (req, res, next) => {
    carry(req);
    req.account = accounts.get(req.key);
    refuseIf(!req.account, 'invalid_api_key');
    refuseIf(req.account.revoked, 'revoked_api_key');
    next();
  },
  rate: () => limit,
  parse: () => json,
  input: (tool) => (req, res, next) => {
    if (!tool) return next();
    if (req.body === undefined) throw new Refusal(req.get('Content-Type') && req.get('Content-Length') !== '0' && v.otherMedia || 'invalid_json');
    const { error } = tool.input.safeParse(req.body);
    if (error) throw new Refusal('invalid_input', v.say(z, error));
    next();
  },
  workspace: () => (req, res, next) => next(refuseIf(req.account.orphaned, 'workspace_not_found')),
  plan: (tool) => (req, res, next) => next(refuseIf(tool?.gated && req.account.plan === 'Free', 'plan_gate')),
  regen: (tool) => (req, res, next) => next(refuseIf(tool?.regenerates && req.account.capped, 'regen_limit')),
  preflight: (tool) => (req, res, next) => next(refuseIf(tool && req.get('X-Test-Fault') === 'preflight_failed', 'preflight_failed')),
  credits: (tool) => (req, res, next) => next(refuseIf(tool && req.account.credits < tool.cost, 'insufficient_credits', tool && v.funds(tool.cost, req.account.credits ?? 0))),
};
const limit = limiters[v.limiter]();

const app = express();
for (const [name, value] of Object.entries(v.settings)) app.set(name, value);
if (v.compressed) app.use(require('compression')({ threshold: 0 }));
app.use(async (req, res, next) => {
  req.id = v.requestId();
  res.set('X-Request-Id', req.id);
  if (v.latency) await sleep(v.latency[0] + Math.random() * (v.latency[1] - v.latency[0]));
  refuseIf(v.lengthRequired && req.method === 'POST' && req.get('Content-Length') === undefined, 'length_required');
  next();
});

const api = express.Router();
api.get('/credits', v.steps.map((step) => steps[step]()), (req, res) => answer(res, 200, { credits: req.account.credits }));
for (const [path, tool] of Object.entries(tools)) {
  api.post(path, v.steps.map((step) => steps[step](tool)), async (req, res) => {
    const fault = req.get('X-Test-Fault');
    if (fault === 'generation_timeout') await sleep(TIMEOUT * 1000);
    refuseIf(fault === 'generation_timeout' || fault === 'generation_failed', fault);
    req.account.credits -= tool.cost;
    answer(res, v.created ? 201 : 200, { result: { text: 'Errors that keep their word.' }, creditsLeft: req.account.credits });
  });
}
app.use('/api/v1', api);
app.use(() => { throw new Refusal('not_found'); });

function answer(res, status, value, headers = {}) {
  res.status(status).set({ ...v.headers(status), ...headers });
  if (v.type) res.set('Content-Type', v.type);
  res.json(value);
}

// The body parser's errors have a type; what else comes with a status is the router's, of a path that it cannot decode.
const parserErrors = {
  'entity.parse.failed': 'invalid_json', 'request.size.invalid': 'invalid_json', 'entity.too.large': 'payload_too_large',
  'charset.unsupported': v.unreadable ?? 'unsupported_media_type', 'encoding.unsupported': v.unreadable ?? 'unsupported_media_type',
};
app.use((error, req, res, next) => {
  if (res.headersSent) return next(error);
  const code = Object.hasOwn(codes, error.code ?? '') ? error.code : parserErrors[error.type] ?? (error.status === 400 ? 'bad_request' : 'internal_error');
  if (code === 'internal_error') console.error(error);
  const [status, message] = codes[code];
  answer(res, status, v.envelope({ code, message: error instanceof Refusal ? error.message : message, docs: DOCS, requestId: req.id }, status), error.headers);
});

const server = app.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
