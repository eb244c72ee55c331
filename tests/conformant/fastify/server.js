'use strict';
// Fastify 5 servers that keep the published error page, with its own parser, its validator (Ajv) and its limiter.
// A variant is a set of flags over `base`.
const { createHash, randomBytes, randomUUID } = require('node:crypto');
const { Readable } = require('node:stream');
const { setTimeout: sleep } = require('node:timers/promises');

const DOCS = 'https://www.planmysaas.com/docs/api/errors';
const WINDOW = Number(process.env.WINDOW_SECONDS || 60);
let count = 0;

const base = {
  options: {}, // Fastify's
  limitAt: 'onRequest', // before the body is read; preHandler is after its validation
  limit: {}, // options of @fastify/rate-limit
  checks: ['workspace', 'plan', 'regen', 'preflight', 'credits'],
  checksAt: 'preHandler',
  carriers: ['x-api-key', 'authorization'],
  emptyKey: 'missing_api_key',
  timeout: 90,
  drained: 4,
  poisoned: 'ignore',
  say: (errors) => `body${errors[0].instancePath} ${errors[0].message}`,
  funds: (need, have) => `You need ${need} credits but have ${have}.`,
  envelope: (error) => ({ error }),
  headers: () => ({}),
};

const variants = {
  // What Fastify does unless told otherwise: its ids (req-1), its words for a wrong field, 415 for another media type.
  defaults: { otherMedia: 'unsupported_media_type', poisoned: 'remove' },

  // The limit comes after the body, and each refusal starts the window anew, which Retry-After tells. All wrong
  // fields are listed, as Ajv's pointers. Any media type is read as JSON.
  renewing: {
    limitAt: 'preHandler', limit: { continueExceeding: true, enableDraftSpec: true }, allErrors: true, timeout: 100,
    options: { genReqId: () => randomUUID().replaceAll('-', '') },
    say: (errors) => errors.map((e) => `${pointer(e) || 'body'}: ${e.message}`).join(', '),
    funds: (need, have) => `Need ${need} / have ${have}`,
  },

  // Answers go through a schema of their own and are compressed if the request accepts it. Workspace and plan are looked
  // at before the body is read. The page does not say that Authorization comes second.
  compressed: {
    compressed: true, schema: true, checksAt: 'onRequest', carriers: ['authorization', 'x-api-key'], emptyKey: 'malformed_api_key',
    options: { genReqId: () => randomBytes(8).toString('hex') }, drained: 0,
    say: (errors) => `Field "${field(errors[0])}" is wrong.`,
    funds: (need) => `No credits left; ${need} needed.`,
  },

  // A body that is no UTF-8 is no JSON. A key of another length than those issued is malformed. The limiter's tokens come back one
  // by one, and Retry-After is one second more than needed. Answers are streams, so chunked.
  streamed: {
    fatal: true, sameLength: true, streamed: true, ownLimiter: true, timeout: 240, latency: [10, 60],
    options: { genReqId: () => `01-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}` },
    type: 'application/problem+json; charset=utf-8',
    envelope: (error, status) => ({ type: 'about:blank', status, error, 'invalid-params': [] }),
    say: (errors) => `Please correct ${field(errors[0])}.`,
    funds: (need, have) => `The balance of your workspace is ${have} credits, and a call is ${need} credits.`,
    headers: (status) => (status === 401 ? { 'www-authenticate': 'Bearer realm="api", charset="UTF-8"' } : {}),
  },

  // Connections close when idle for a second; the database is slow. A tool gives up after five minutes. In Japanese.
  slow: {
    limitAt: 'preParsing', latency: [100, 300], timeout: 300, checksAt: 'preValidation',
    checks: ['preflight', 'credits', 'regen', 'plan', 'workspace'],
    options: { keepAliveTimeout: 1000, genReqId: () => `${Date.now().toString(36)}.${++count}` },
    say: (errors) => `「${field(errors[0])}」の値が正しくありません。`,
    funds: (need, have) => `この呼び出しには${need}クレジットが必要ですが、残高は${have}クレジットです。`,
    headers: () => ({ 'content-language': 'ja', 'cache-control': 'private, no-store' }),
  },

  // The key is kept as its hash only, as the page has it, and the hash is what the limit counts by. More members than
  // the page names, in another order, pretty-printed. A bare key in Authorization is a key too. Credits are negative.
  hashed: {
    pretty: true, bareKey: true, drained: -40, created: true, timeout: 92, allErrors: true,
    options: { genReqId: () => `err_${randomBytes(9).toString('base64url')}` },
    limit: { addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false } },
    envelope: (error, status) => ({ status: 'error', meta: { at: new Date().toISOString() }, error: { requestId: error.requestId, statusCode: status, retryable: status >= 429, ...error, support: 'support@planmysaas.com' } }),
    say: (errors) => errors.map((e) => `$.${field(e)}`).join(' | '),
    funds: (need, have) => `Balance: ${have} credits. Price: ${need} credits. Missing: ${need - have} credits.`,
    headers: (status) => (status >= 500 ? { 'retry-after': '3' } : { 'x-content-type-options': 'nosniff' }),
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

const hash = (key) => createHash('sha256').update(key).digest('hex');
const lengths = new Set();
const accounts = new Map();
for (const [slot, account] of Object.entries({
  VALID: { plan: 'Pro', credits: 1_000_000 },
  BURST: { plan: 'Pro', credits: 1_000_000 },
  REVOKED: { revoked: true },
  DRAINED: { plan: 'Pro', credits: v.drained },
  FREE_PLAN: { plan: 'Free', credits: 9_000 },
  REGEN_CAPPED: { plan: 'Starter', credits: 9_000, capped: true },
  ORPHANED: { orphaned: true },
})) {
  const key = process.env[`ERRPROOF_KEY_${slot}`];
  if (!key) continue;
  accounts.set(hash(key), account);
  lengths.add(key.length);
}

const text = { type: 'string', minLength: 1 };
const object = (properties, optional = []) => ({ type: 'object', properties, required: Object.keys(properties).filter((name) => !optional.includes(name)) });
const tools = {
  '/api/v1/tools/tagline': {
    cost: 10,
    body: object({
      product: { type: 'string', minLength: 3, maxLength: 80 },
      description: { type: 'string', minLength: 20, maxLength: 2000 },
      tone: { enum: ['plain', 'playful', 'bold', 'formal'] },
      count: { type: 'integer', minimum: 1, maximum: 10 },
    }, ['count']),
  },
  '/api/v1/tools/roadmap': { cost: 150, gated: true, body: object({ product: text, description: text }) },
  '/api/v1/projects/:project/regenerate': { cost: 20, regenerates: true, body: object({ instructions: text }) },
};

const codes = {
  missing_api_key: [401, 'Send your key.'],
  malformed_api_key: [401, 'A key starts with pms_live_ and has no whitespace or quotes.'],
  invalid_api_key: [401, 'There is no such key.'],
  revoked_api_key: [401, 'The key was revoked.'],
  invalid_json: [400, 'The body is not JSON.'],
  invalid_input: [400, 'The input is wrong.'],
  insufficient_credits: [402],
  plan_gate: [403, 'Upgrade to Starter or higher for this tool.'],
  regen_limit: [403, 'Upgrade to Pro for more regenerations of this project.'],
  rate_limited: [429, 'Slow down, please.'],
  generation_failed: [502, 'The backend failed; no credits were charged.'],
  generation_timeout: [504, 'The backend did not answer in time.'],
  workspace_not_found: [404, 'The workspace was deleted.'],
  preflight_failed: [500, 'An internal error came up before the call.'],
  route_not_found: [404, 'No such route.'],
  bad_request: [400, 'The request could not be understood.'],
  payload_too_large: [413, 'The body is too large.'],
  unsupported_media_type: [415, 'Send application/json.'],
  internal_error: [500, 'An internal error came up.'],
};

class Refusal extends Error {
  constructor(code, message = codes[code][1], headers = {}) {
    super(message);
    Object.assign(this, { refusal: code, headers });
  }
}
const refuseIf = (so, code, message) => {
  if (so) throw new Refusal(code, message);
};

// Where Ajv found something wrong. A missing field is named in its parameters only.
const pointer = (error) => error.instancePath + (error.params.missingProperty ? `/${error.params.missingProperty}` : '');
const field = (error) => pointer(error).slice(1) || 'body';

function presented(headers) {
  const found = v.carriers.map((name) => {
    const value = headers[name];
    if (name === 'x-api-key' || value === undefined) return value;
    const bearer = /^bearer(?: +(.*))?$/i.exec(value);
    return bearer ? bearer[1] ?? '' : v.bareKey ? value : undefined;
  });
  return found.find(Boolean) ?? found.find((key) => key === '');
}

async function authenticate(req) {
  if (v.latency) await sleep(v.latency[0] + Math.random() * (v.latency[1] - v.latency[0]));
  if (req.is404) return;
  const key = presented(req.headers);
  refuseIf(key === undefined, 'missing_api_key');
  refuseIf(key === '', v.emptyKey);
  refuseIf(!/^pms_live_[^\s"'`]+$/.test(key) || (v.sameLength && !lengths.has(key.length)), 'malformed_api_key');
  req.keyHash = hash(key);
  req.account = accounts.get(req.keyHash);
  refuseIf(!req.account, 'invalid_api_key');
  refuseIf(req.account.revoked, 'revoked_api_key');
}

const checks = {
  workspace: ({ account }) => refuseIf(account.orphaned, 'workspace_not_found'),
  plan: ({ account }, tool) => refuseIf(tool?.gated && account.plan === 'Free', 'plan_gate'),
  regen: ({ account }, tool) => refuseIf(tool?.regenerates && account.capped, 'regen_limit'),
  preflight: ({ headers }, tool) => refuseIf(tool && headers['x-test-fault'] === 'preflight_failed', 'preflight_failed'),
  credits: ({ account }, tool) => refuseIf(tool && account.credits < tool.cost, 'insufficient_credits', tool && v.funds(tool.cost, account.credits)),
};

// A bucket of 60 tokens that comes back one by one.
const buckets = new Map();
async function takeToken(req) {
  const now = performance.now() / 1000;
  const bucket = buckets.get(req.keyHash) ?? { tokens: 60, at: now };
  buckets.set(req.keyHash, bucket);
  bucket.tokens = Math.min(60, bucket.tokens + ((now - bucket.at) * 60) / WINDOW);
  bucket.at = now;
  if (bucket.tokens < 1) throw new Refusal('rate_limited', undefined, { 'retry-after': Math.ceil(((1 - bucket.tokens) * WINDOW) / 60) + 1 });
  bucket.tokens -= 1;
}

function codeOf(error) {
  if (error.refusal) return error.refusal;
  if (error.validation) return 'invalid_input';
  if (/^FST_ERR_CTP_(EMPTY_JSON_BODY|INVALID_JSON_BODY|INVALID_CONTENT_LENGTH)$/.test(error.code)) return 'invalid_json';
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return 'unsupported_media_type';
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return 'payload_too_large';
  return error.statusCode === 400 ? 'bad_request' : 'internal_error';
}

function answer(reply, status, value, headers = {}) {
  reply.code(status).headers({ 'x-request-id': reply.request.id, ...v.headers(status), ...headers });
  if (v.type) reply.type(v.type);
  if (v.streamed) return reply.type(v.type).send(Readable.from([JSON.stringify(value)]));
  if (v.pretty) return reply.type('application/json').send(`${JSON.stringify(value, null, '\t')}\n`);
  return reply.send(value);
}

function refuse(error, req, reply) {
  const code = codeOf(error);
  if (code === 'internal_error') console.error(error);
  const [status, message] = codes[code];
  const words = error.refusal ? error.message : error.validation ? v.say(error.validation) : message;
  return answer(reply, status, v.envelope({ code, message: words, docs: DOCS, requestId: req.id }, status), error.headers);
}

async function start() {
  const app = require('fastify')({
    ...v.options,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: Boolean(v.allErrors) } },
    onProtoPoisoning: v.poisoned, onConstructorPoisoning: v.poisoned, frameworkErrors: refuse,
  });
  app.removeContentTypeParser('text/plain'); // it is not JSON, and no text is checked as input
  const parse = app.getDefaultJsonParser(v.poisoned, v.poisoned);
  if (v.fatal) {
    app.removeContentTypeParser('application/json');
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (req, bytes, done) => {
      let body;
      try {
        body = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      } catch {
        return done(new Refusal('invalid_json'));
      }
      return parse(req, body, done);
    });
  } else if (!v.otherMedia) app.addContentTypeParser('*', { parseAs: 'string' }, parse);

  app.decorateRequest('account', null);
  app.decorateRequest('keyHash', null);
  app.setErrorHandler(refuse);
  app.setNotFoundHandler((req, reply) => refuse(new Refusal('route_not_found'), req, reply));
  if (v.compressed) await app.register(require('@fastify/compress'), { threshold: 0 });
  app.addHook('onRequest', authenticate);
  if (v.ownLimiter) app.addHook('onRequest', async (req) => { if (!req.is404) await takeToken(req); });
  else {
    await app.register(require('@fastify/rate-limit'), {
      max: 60, timeWindow: WINDOW * 1000, hook: v.limitAt, ...v.limit,
      keyGenerator: (req) => req.keyHash,
      errorResponseBuilder: () => new Refusal('rate_limited'),
    });
  }

  const route = (method, url, tool, handler) => {
    const hooks = { preValidation: [], preHandler: [], onRequest: [] };
    if (tool) hooks.preValidation.push(async (req) => refuseIf(req.body === undefined, 'invalid_json'));
    hooks[v.checksAt].push(async (req) => v.checks.forEach((name) => checks[name](req, tool)));
    const error = { type: 'object', properties: Object.fromEntries(['code', 'message', 'docs', 'requestId'].map((name) => [name, { type: 'string' }])) };
    const response = v.schema && { '4xx': object({ error }), '5xx': object({ error }) };
    app.route({ method, url, handler, ...hooks, schema: { ...(tool && { body: tool.body }), ...(response && { response }) } });
  };
  route('GET', '/api/v1/credits', undefined, (req, reply) => answer(reply, 200, { credits: req.account.credits }));
  for (const [url, tool] of Object.entries(tools)) {
    route('POST', url, tool, async (req, reply) => {
      const fault = req.headers['x-test-fault'];
      if (fault === 'generation_timeout') await sleep(TIMEOUT * 1000);
      refuseIf(fault === 'generation_timeout' || fault === 'generation_failed', fault);
      req.account.credits -= tool.cost;
      return answer(reply, v.created ? 201 : 200, { taglines: ['Errors that keep their word.'], charged: tool.cost });
    });
  }
  console.log(`listening on ${await app.listen({ port: 0, host: '127.0.0.1' })}`);
}
start();
