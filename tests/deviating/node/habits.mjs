// What a server does that keeps the page, and that no harness may call broken.
import crypto from 'node:crypto';
import { on, code, rawDepth, S, nth } from './parts.mjs';

const WORDS_DE = {
  missing_api_key: 'Es wurde kein API-Schlüssel gesendet.',
  malformed_api_key: 'Der Schlüssel hat nicht die richtige Form.',
  invalid_api_key: 'Diesen Schlüssel gibt es nicht.',
  revoked_api_key: 'Der Schlüssel wurde widerrufen.',
  invalid_json: 'Das ist kein gültiges JSON.',
  plan_gate: 'Dieses Werkzeug gibt es ab dem Tarif Starter.',
  regen_limit: 'Die Grenze der Neuerzeugungen ist erreicht.',
  rate_limited: 'Zu viele Anfragen.',
  generation_failed: 'Die Erzeugung ist fehlgeschlagen.',
  generation_timeout: 'Die Erzeugung dauerte zu lange.',
  workspace_not_found: 'Den Arbeitsbereich gibt es nicht mehr.',
  preflight_failed: 'Das Guthaben konnte nicht geprüft werden.',
};
const ORD = (...s) => s;
export const HABITS = {
  german: {
    why: 'messages in German',
    words: WORDS_DE,
    wordInput: (k, w) => (k ? `Das Feld „${k}“ ist ungültig.` : 'Ein Objekt wird erwartet.'),
    word402: (n, h) => `Benötigt werden ${n} Credits, vorhanden sind ${h}.`,
  },
  japanese: {
    why: 'messages in Japanese',
    words: Object.fromEntries(Object.keys(WORDS_DE).map(k => [k, 'エラーが発生しました。'])),
    wordInput: (k, w) => (k ? `フィールド ${k} が不正です。` : 'オブジェクトが必要です。'),
    word402: (n, h) => `必要: ${n}、残高: ${h}`,
  },
  'have-first': {
    why: '402 words in another order',
    word402: (n, h) => `Your balance is ${h}, and this tool costs ${n} credits.`,
  },
  zod: {
    why: 'Zod style: several issues, paths',
    wordInput: (k, w) =>
      k ? `✖ Invalid input: expected something else\n  → at ${k}` : 'Invalid input: expected object',
  },
  latency: { why: 'each response takes 50 to 900 ms', latency: () => 50 + Math.random() * 850 },
  'conn-close': { why: 'connection: close after each response', close: true },
  'sliding-log': { why: 'the limit is a sliding log', algo: 'log' },
  gcra: { why: 'the limit is GCRA with a burst of 60', algo: 'gcra' },
  calendar: { why: 'the limit counts in calendar minutes', algo: 'calendar' },
  'retry-plus-one': { why: 'Retry-After one second longer', plus: 1 },
  'retry-plus-20': { why: 'Retry-After 20 seconds longer than needed', plus: 20 },
  'retry-fixed-60': { why: 'Retry-After is always 60', limit: (c, k, take) => take(k) && 60 },
  'limit-before-lookup': { why: 'the limit counts by the raw key, before its look-up', limitFirst: true },
  'route-before-auth': {
    why: '404 and 405 before 401',
    order: ORD('routed', 'big', 'auth', 'limit', 'json', 'input', 'workspace', 'gate', 'regen', 'preflight', 'credits'),
  },
  'gateway-404': {
    why: 'unknown routes answered before anything, by a gateway, with another code and an extra field',
    order: ORD('routed', 'auth', 'limit', 'big', 'json', 'input', 'workspace', 'gate', 'regen', 'preflight', 'credits'),
    ...on(
      c => !c.tool,
      o => {
        o.err.code = 'route_not_found';
        o.err.gateway = 'edge-1';
        o.headers.Server = 'gateway';
      },
    ),
  },
  'media-415': {
    why: '415 for other media types, with envelope',
    media: (c, err) => {
      if (c.verb === 'POST' && !/^application\/([\w.+-]*\+)?json/i.test(c.req.headers['content-type'] ?? ''))
        throw err(415, 'unsupported_media_type', 'Send application/json.');
    },
  },
  'small-413': {
    why: 'bodies over 16 kB are 413, with envelope',
    media: (c, err) => {
      if (c.body.length > 16384) throw err(413, 'payload_too_large', 'The body is too large.');
    },
  },
  'deep-400': {
    why: 'nesting over 100 levels is invalid_json (a parser limit), with envelope',
    json: c => {
      if (rawDepth(c.body.toString('latin1')) > 100) throw c.err(400, 'invalid_json');
    },
  },
  'extra-fields': {
    why: 'extra fields, indented JSON, charset in the media type',
    indent: 2,
    ...on(
      () => true,
      (o, c) => {
        o.err.status = o.status;
        o.err.timestamp = new Date().toISOString();
        o.err.details = [{ path: c.path }];
        o.headers['Content-Type'] = 'application/json; charset=utf-8';
        o.env = { error: o.err, ok: false };
      },
    ),
  },
  'problem-json': {
    why: 'media type application/problem+json',
    ...on(
      () => true,
      o => {
        o.headers['Content-Type'] = 'application/problem+json';
      },
    ),
  },
  'float-credits': {
    why: 'credits are no whole numbers',
    accounts: s => {
      s.VALID.ws.credits = 4999.75;
      s.DRAINED.ws.credits = 4.5;
      s.BURST.ws.credits = 77.25;
    },
  },
  'wide-shape': { why: 'the shape of a key is its prefix; the rest is looked up', shape: /^pms_live_[^\s"'`]+$/ },
  'utf8-replaced': { why: 'bytes that are not UTF-8 are replaced, then parsed', replace: true },
  'workspace-first': {
    why: '404, 403 before the body is looked at',
    order: ORD('auth', 'limit', 'routed', 'workspace', 'gate', 'regen', 'big', 'json', 'input', 'preflight', 'credits'),
  },
  'limit-last-auth': {
    why: 'workspace_not_found before rate_limited',
    order: ORD('auth', 'workspace', 'limit', 'routed', 'big', 'json', 'input', 'gate', 'regen', 'preflight', 'credits'),
  },
  'credits-before-gate': {
    why: 'the balance is checked before the preflight hook and the body',
    order: ORD('auth', 'limit', 'routed', 'workspace', 'gate', 'regen', 'preflight', 'credits', 'big', 'json', 'input'),
  },
  'timeout-120s': { why: 'the tool gives up after 120 s', timeout: () => 120000 },
  'topped-up': {
    why: 'valid and burst share a workspace that gains 25 credits every 4 s',
    accounts: s => {
      s.BURST.ws = s.VALID.ws;
      setInterval(() => {
        s.VALID.ws.credits += 25;
      }, 4000);
    },
  },
  'shared-spending': {
    why: 'the workspace of valid is used by another client too: 10 credits every 3 s',
    accounts: s => {
      setInterval(() => {
        s.VALID.ws.credits -= 10;
      }, 3000);
    },
  },
  'uuid-ids': {
    why: 'requestId is a UUID with a prefix, headers in capitals',
    ...on(
      () => true,
      o => {
        o.err.requestId = 'req_' + crypto.randomUUID();
        o.headers = Object.fromEntries(Object.entries(o.headers).map(([k, v]) => [k.toUpperCase(), v]));
      },
    ),
  },
  'counter-ids': {
    why: 'requestId is a counter',
    ...on(
      () => true,
      o => {
        o.err.requestId = String(1000 + nth('cid'));
      },
    ),
  },
  'long-messages': {
    why: 'messages of 3000 characters with all kinds of numbers behind',
    ...on(
      (c, o) => o.err.code !== 'insufficient_credits',
      o => {
        o.err.message += ' ' + 'More can be read in the docs. '.repeat(100);
      },
    ),
  },
  'bad-auth-scheme': {
    why: 'a scheme other than Bearer is no key: missing_api_key',
    key: (c, k) => (k.startsWith(' ') && !/pms_/.test(k) ? '' : k),
  },
  'raw-authorization': {
    why: 'a key directly in Authorization is taken too',
    key: (c, k) => (k.startsWith(' pms_live_') ? k.trim() : k),
  },
  'prefers-bearer': {
    why: 'with both headers Authorization wins',
    key: (c, k) => {
      const m = /^Bearer\s+(\S.*)$/i.exec(c.req.headers.authorization ?? '');
      if (m) {
        c.carrier = 'bearer';
        return m[1].trim();
      }
    },
  },
};
