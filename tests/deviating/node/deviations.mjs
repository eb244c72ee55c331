// Each breaks one promise of the page, and keeps all others.
import crypto from 'node:crypto';
import { html, plain, on, code, noDocs, noId, boom, rawDepth, S, nth, isRoute } from './parts.mjs';

export const DEVIATIONS = {
  // ---- every error response carries ...
  'html-unknown-route': {
    why: '"Every error response": unknown routes answer HTML',
    ...on(
      c => !c.tool,
      o => html(o),
    ),
  },
  'html-unknown-outside-api': {
    why: '"Every": unknown routes outside /api answer HTML (static host)',
    ...on(
      c => !c.path.startsWith('/api/'),
      o => html(o, 404),
    ),
    pre: c => {
      if (!c.path.startsWith('/api/')) throw c.err(404, 'not_found', 'x');
    },
  },
  'html-near-route': {
    why: '"Every": a trailing slash or a longer path below a tool answers HTML',
    pre: c => {
      if (!c.tool && /^\/api\/v1\/(tools|credits|projects)/.test(c.path)) throw c.err(404, 'not_found', 'x');
    },
    ...on(
      c => !c.tool && /^\/api\/v1\/(tools|credits|projects)/.test(c.path),
      o => html(o),
    ),
  },
  'text-405': {
    why: '"Every": wrong methods answer plain text',
    pre: c => {
      if (c.tool && c.method !== c.verb && c.method !== 'HEAD')
        throw c.err(405, 'method_not_allowed', 'x', { Allow: c.verb });
    },
    ...on(
      (c, o) => o.status === 405,
      o => plain(o),
    ),
  },
  'text-405-delete': {
    why: '"Every": only DELETE answers plain text',
    pre: c => {
      if (c.method === 'DELETE') throw c.err(405, 'method_not_allowed', 'x');
    },
    ...on(
      (c, o) => c.method === 'DELETE',
      o => plain(o),
    ),
  },
  'text-405-put-credits': {
    why: '"Every": only POST/PUT on the credits route answers without docs',
    ...on(c => c.tool === 'balance' && ['POST', 'PUT'].includes(c.method), noDocs),
  },
  'empty-413': {
    why: '"Every": a body over 100 kB answers 413 with an empty body',
    pre: c => {
      if (c.big || c.body.length > 1e5) throw c.err(413, 'payload_too_large', 'x');
    },
    ...on(
      (c, o) => o.status === 413,
      o => {
        o.raw = '';
      },
    ),
  },
  'html-413-1mb': {
    why: '"Every": a body over 1 MB answers HTML',
    ...on(
      (c, o) => o.status === 413,
      o => html(o),
    ),
  },
  'text-415': {
    why: '"Every": another Content-Type than JSON answers 415 in plain text',
    media: (c, err) => {
      if (c.verb === 'POST' && !/json/i.test(c.req.headers['content-type'] ?? ''))
        throw err(415, 'unsupported_media_type', 'x');
    },
    ...on(
      (c, o) => o.status === 415,
      o => plain(o),
    ),
  },
  'form-500': {
    why: '"Every": only a form Content-Type answers 500 without envelope',
    media: (c, err) => {
      if (/form/i.test(c.req.headers['content-type'] ?? '')) throw err(500, 'internal_error', 'x');
    },
    ...on(
      (c, o) => o.status === 500 && o.err.code === 'internal_error',
      o => html(o),
    ),
  },
  'accept-html': {
    why: '"Every": a client with Accept: text/html gets an HTML error',
    ...on(
      c => /text\/html/.test(c.req.headers.accept ?? ''),
      o => html(o),
    ),
  },
  'accept-xml-406': {
    why: '"Every": Accept without JSON gets an empty 406',
    ...on(
      c => c.req.headers.accept && !/json|\*\/\*/.test(c.req.headers.accept),
      o => {
        o.status = 406;
        o.raw = '';
      },
    ),
  },
  'null-500': { why: '"Every"/invalid_input: the body null answers 500 in HTML', ...boom(s => s.trim() === 'null') },
  'null-500-roadmap': {
    why: '"Every"/invalid_input: the body null on roadmap only answers 500 in HTML',
    ...boom((s, c) => c.tool === 'roadmap' && s.trim() === 'null'),
  },
  'surrogate-500': {
    why: '"Every": a lone surrogate escape answers 500 without envelope',
    ...boom(s => /\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])/i.test(s)),
  },
  'proto-crash': {
    why: '"Every": a __proto__ member ends the connection without a response',
    ...boom(
      s => /__proto__/.test(s),
      o => {
        o.destroy = true;
      },
    ),
  },
  'deep-500': { why: '"Every": nesting over 500 levels answers 500 in HTML', ...boom(s => rawDepth(s) > 500) },
  '1e400-500': { why: '"Every": a number beyond a double answers 500', ...boom(s => /\d[eE]\+?[3-9]\d\d/.test(s)) },
  'nul-500': { why: '"Every": \\u0000 in a text answers 500 (database refuses it)', ...boom(s => /\\u0000/.test(s)) },
  'long-text-500': {
    why: '"Every": a product of over 255 characters answers 500 (column too short)',
    ...boom(s => /"product"\s*:\s*"[^"]{256,}"/.test(s)),
  },
  'utf8-500-roadmap': {
    why: 'invalid_json: bytes that are not UTF-8 answer 500 on roadmap only',
    ...boom((s, c) => {
      if (c.tool !== 'roadmap') return false;
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(c.body);
      } catch {
        return true;
      }
    }),
  },
  'requestid-missing-404': { why: '"a requestId": unknown routes have none', ...on(c => !c.tool, noId) },
  'requestid-fixed-402': {
    why: '"a requestId": one fixed id on every 402',
    ...on(code('insufficient_credits'), o => {
      o.err.requestId = 'a1b2c3d4e5f60718';
    }),
  },
  'requestid-fixed-504': {
    why: '"a requestId": fixed id on every 504',
    ...on(code('generation_timeout'), o => {
      o.err.requestId = 'a1b2c3d4e5f60718';
    }),
  },
  'requestid-fixed-500': {
    why: '"include requestId in a support ticket": fixed id on preflight_failed',
    ...on(code('preflight_failed'), o => {
      o.err.requestId = 'a1b2c3d4e5f60718';
    }),
  },
  'requestid-per-key': {
    why: '"a requestId": derived from the key, the same for all of its errors',
    ...on(
      c => c.key,
      (o, c) => {
        o.err.requestId = crypto.createHash('sha1').update(c.key).digest('hex').slice(0, 16);
      },
    ),
  },
  'requestid-per-second': {
    why: '"a requestId": the second of the day, shared by all errors of that second',
    ...on(
      () => true,
      o => {
        o.err.requestId = 'r' + Math.floor(Date.now() / 1000);
      },
    ),
  },
  'requestid-repeats-64': {
    why: '"requestId ... from the failing response": a counter that starts again after 64',
    ...on(
      () => true,
      o => {
        o.err.requestId = 'req_' + (nth('rid') % 64);
      },
    ),
  },
  'requestid-number-429': {
    why: '"a requestId" text: a number on 429 only',
    ...on(code('rate_limited'), o => {
      o.err.requestId = nth('r');
    }),
  },
  'requestid-blank-roadmap': {
    why: '"a requestId": a blank text on roadmap only',
    ...on(isRoute('roadmap'), o => {
      o.err.requestId = ' ';
    }),
  },
  'docs-wrong-roadmap': {
    why: '"a docs link pointing back here": another page on roadmap only',
    ...on(isRoute('roadmap'), o => {
      o.err.docs = 'https://www.planmysaas.com/docs/api/tools';
    }),
  },
  'docs-wrong-bearer': {
    why: '"a docs link pointing back here": the site root with Bearer only',
    ...on(
      c => c.carrier === 'bearer',
      o => {
        o.err.docs = 'https://www.planmysaas.com/';
      },
    ),
  },
  'docs-missing-get': { why: '"a docs link": missing on every GET error', ...on(c => c.method === 'GET', noDocs) },
  'docs-missing-later': {
    why: '"Every": docs missing after the first 120 errors',
    ...on(() => nth('e') > 120, noDocs),
  },
  'docs-second-time': {
    why: '"Every": the second time a key gets the same code the docs link is left out',
    ...on(c => c.key && nth('k' + c.key + c.tool + c.carrier) > 1, noDocs),
  },
  'message-empty-regenerate': {
    why: '"a human-readable message": empty on regenerate only',
    ...on(isRoute('regenerate'), o => {
      o.err.message = '';
    }),
  },
  'message-code-404': {
    why: '"human-readable message": the code itself on workspace_not_found',
    ...on(code('workspace_not_found'), o => {
      o.err.message = o.err.code;
    }),
  },
  'message-object-roadmap': {
    why: '"human-readable": [object Object] on roadmap only',
    ...on(isRoute('roadmap'), o => {
      o.err.message = '[object Object]';
    }),
  },
  'code-upper-504': {
    why: 'code generation_timeout in capitals',
    ...on(code('generation_timeout'), o => {
      o.err.code = 'GENERATION_TIMEOUT';
    }),
  },
  'envelope-flat-credits': {
    why: 'Envelope: on the credits route the fields lie at the top, not under error',
    ...on(isRoute('balance'), o => {
      o.env = o.err;
    }),
  },
  'envelope-array-roadmap': {
    why: 'Envelope: errors as a list on roadmap',
    ...on(isRoute('roadmap'), o => {
      o.env = { errors: [o.err] };
    }),
  },
  'envelope-ua': {
    why: '"Every": only User-Agents with errproof get docs and requestId',
    ...on(
      c => !/errproof/i.test(c.req.headers['user-agent'] ?? ''),
      o => {
        noDocs(o);
        noId(o);
      },
    ),
  },
  'envelope-429-tenth': {
    why: '"Every": from the tenth refusal in a row the limiter answers plain text',
    ...on(
      (c, o) => o.err.code === 'rate_limited' && nth('q') >= 10,
      o => {
        const r = o.headers['Retry-After'];
        plain(o);
        o.headers['Retry-After'] = r;
      },
    ),
  },
  'status-200-regenerate': {
    why: 'Status 403: regen_limit is sent with status 200',
    ...on(code('regen_limit'), o => {
      o.status = 200;
    }),
  },
  // ---- authentication
  'missing-open-get': {
    why: 'missing_api_key: the credits route serves a request without a key',
    find: (c, k, A) => {},
    key: (c, k) => (!k && c.tool === 'balance' ? [...S.A][0].key : k),
    accounts: s => {
      S.A = Object.values(s);
    },
  },
  'missing-403-roadmap': {
    why: 'missing_api_key is 401: 403 on roadmap only',
    ...on(
      (c, o) => c.tool === 'roadmap' && o.err.code === 'missing_api_key',
      o => {
        o.status = 403;
      },
    ),
  },
  'missing-invalid-regenerate': {
    why: 'missing_api_key: invalid_api_key on regenerate only',
    ...on(
      (c, o) => c.tool === 'regenerate' && o.err.code === 'missing_api_key',
      o => {
        o.err.code = 'invalid_api_key';
      },
    ),
  },
  'key-in-query': {
    why: '"No key in X-API-Key or Authorization header": takes ?api_key=',
    key: (c, k) => k || (/[?&](?:api_?-?key|key|token|access_token)=([^&]+)/i.exec(c.req.url)?.[1] ?? ''),
  },
  'key-in-cookie': {
    why: '"No key in X-API-Key or Authorization header": takes a cookie',
    key: (c, k) => k || (/pms_live_[\w-]+/.exec(c.req.headers.cookie ?? '')?.[0] ?? ''),
  },
  'key-in-body': {
    why: '"No key in X-API-Key or Authorization header": takes a member apiKey of the body',
    key: (c, k) => k || (/pms_live_[\w-]+/.exec(c.body.toString())?.[0] ?? ''),
  },
  'empty-x-hides-bearer': {
    why: '"No key in X-API-Key or Authorization": an empty X-API-Key hides the key in Authorization',
    key: (c, k) => (c.req.headers['x-api-key'] !== undefined && !c.req.headers['x-api-key'].trim() ? '' : k),
  },
  'key-first-8': {
    why: '"Key hash not found": only the first 8 characters behind the prefix are compared',
    find: (c, k, A) =>
      /^pms_live_[\w-]{32}$/.test(k) && [...A.values()].find(a => a.key.slice(0, 17) === k.slice(0, 17)),
  },
  'key-last-ignored': {
    why: '"Key hash not found": the last character is not compared',
    find: (c, k, A) =>
      /^pms_live_[\w-]{32}$/.test(k) && [...A.values()].find(a => a.key.slice(0, -1) === k.slice(0, -1)),
  },
  'key-last-8': {
    why: '"Key hash not found": only the last 8 characters are compared',
    find: (c, k, A) => /^pms_live_[\w-]{32}$/.test(k) && [...A.values()].find(a => a.key.slice(-8) === k.slice(-8)),
  },
  'key-middle-bearer': {
    why: '"Key hash not found": with Bearer the 16th character behind the prefix is not compared',
    find: (c, k, A) =>
      c.carrier === 'bearer' &&
      /^pms_live_[\w-]{32}$/.test(k) &&
      [...A.values()].find(a => a.key.slice(0, 24) + a.key.slice(25) === k.slice(0, 24) + k.slice(25)),
  },
  'key-case': {
    why: '"Key hash not found": the case of letters is ignored behind the prefix',
    find: (c, k, A) => /^pms_live_/.test(k) && [...A.values()].find(a => a.key.toLowerCase() === k.toLowerCase()),
  },
  'key-case-regenerate': {
    why: '"Key hash not found": case ignored on regenerate only',
    find: (c, k, A) =>
      c.tool === 'regenerate' &&
      /^pms_live_/.test(k) &&
      [...A.values()].find(a => a.key.toLowerCase() === k.toLowerCase()),
  },
  'key-anagram': {
    why: '"Key hash not found": the hash is a sum, so swapped characters are found',
    find: (c, k, A) =>
      /^pms_live_[\w-]{32}$/.test(k) && [...A.values()].find(a => [...a.key].sort().join() === [...k].sort().join()),
  },
  'key-single-quotes': {
    why: '"no whitespace or quotes": single quotes around the key are stripped',
    key: (c, k) => k.replace(/^'(.*)'$/, '$1'),
  },
  'key-double-quotes-roadmap': {
    why: '"no whitespace or quotes": double quotes are stripped on roadmap only',
    key: (c, k) => (c.tool === 'roadmap' ? k.replace(/^"(.*)"$/, '$1') : k),
  },
  'key-backticks': {
    why: '"Copy the key exactly": backticks and angle brackets are stripped',
    key: (c, k) => k.replace(/^[`<](.*)[`>]$/, '$1'),
  },
  'key-comma': {
    why: '"Copy the key exactly": a trailing comma, semicolon or dot is stripped',
    key: (c, k) => k.replace(/[,;.]+$/, ''),
  },
  'key-nbsp': {
    why: '"no whitespace": a no-break space is stripped',
    key: (c, k) => k.replace(/(?:\u00c2?\u00a0)/g, ''),
  },
  'key-urlencoded': {
    why: '"Copy the key exactly": a percent-encoded key is decoded',
    key: (c, k) => {
      try {
        return decodeURIComponent(k);
      } catch {
        return k;
      }
    },
  },
  'key-env-line': {
    why: '"Copy the key exactly": PMS_KEY=pms_live_... is taken',
    key: (c, k) => k.replace(/^[\w-]+[=:]\s*(?=pms_live_)/, ''),
  },
  'key-prefix-search': {
    why: '"matches the pms_live_ shape": the key is searched for in the header\'s value',
    key: (c, k) => /pms_live_[A-Za-z0-9_-]{32}/.exec(k)?.[0] ?? k,
  },
  'test-prefix-get': {
    why: 'malformed_api_key: pms_test_ is served on the credits route only',
    key: (c, k) => (c.tool === 'balance' ? k.replace(/^pms_test_/, 'pms_live_') : k),
  },
  'malformed-invalid-bearer': {
    why: 'malformed_api_key: says invalid_api_key with Bearer',
    ...on(
      (c, o) => o.err.code === 'malformed_api_key' && c.carrier === 'bearer',
      o => {
        o.err.code = 'invalid_api_key';
      },
    ),
  },
  'malformed-400-get': {
    why: 'malformed_api_key is 401: 400 on GET only',
    ...on(
      (c, o) => o.err.code === 'malformed_api_key' && c.method === 'GET',
      o => {
        o.status = 400;
      },
    ),
  },
  'bare-prefix-500': {
    why: '"Every": the bare prefix pms_live_ answers 500 in HTML',
    ...on(
      c => c.key === 'pms_live_',
      o => html(o, 500),
    ),
  },
  'long-key-500': {
    why: '"Every": a key of over 1000 characters answers 500 in HTML',
    ...on(
      c => (c.key ?? '').length > 1000,
      o => html(o, 500),
    ),
  },
  'basic-500': {
    why: '"Every": Authorization: Basic answers 500 without envelope',
    ...on(
      c => /^basic/i.test(c.req.headers.authorization ?? ''),
      o => html(o, 500),
    ),
  },
  'invalid-auto-issued': {
    why: '"Key hash not found": an unknown key is issued the second time it is seen',
    find: (c, k, A) => {
      if (/^pms_live_[\w-]{32}$/.test(k) && !A.has(k)) {
        if (nth('i' + k) > 1) return { key: k, slot: 'auto', ws: { credits: 0, plan: 'Pro', capped: [] } };
      }
    },
  },
  'invalid-404-get': {
    why: 'invalid_api_key is 401: 404 on GET only',
    ...on(
      (c, o) => o.err.code === 'invalid_api_key' && c.method === 'GET',
      o => {
        o.status = 404;
      },
    ),
  },
  'revoked-get': { why: 'revoked_api_key: a revoked key still reads the balance', unrevoke: c => c.tool === 'balance' },
  'revoked-roadmap': {
    why: 'revoked_api_key: a revoked key still works on roadmap',
    unrevoke: c => c.tool === 'roadmap',
  },
  'revoked-bearer-regenerate': {
    why: 'revoked_api_key: works with Bearer on regenerate only',
    unrevoke: c => c.tool === 'regenerate' && c.carrier === 'bearer',
  },
  'revoked-after-minute': {
    why: '"Revoked keys can\'t be reactivated": served again 60 s after its first refusal',
    unrevoke: (c, a) => {
      a.t ??= c.t;
      return c.t - a.t > 60000;
    },
  },
  'revoked-after-3': {
    why: '"can\'t be reactivated": served from the fourth request on',
    unrevoke: (c, a) => (a.k = (a.k ?? 0) + 1) > 3,
  },
  'revoked-after-10': {
    why: '"can\'t be reactivated": served from the eleventh request on',
    unrevoke: (c, a) => (a.k = (a.k ?? 0) + 1) > 10,
  },
  'revoked-forgotten': {
    why: 'revoked_api_key: after 30 s it says invalid_api_key',
    ...on(
      (c, o) => {
        if (o.err.code !== 'revoked_api_key') return false;
        S.t ??= c.t;
        return c.t - S.t > 30000;
      },
      o => {
        o.err.code = 'invalid_api_key';
      },
    ),
  },
  'revoked-query': {
    why: '"can\'t be reactivated": a revoked key works when the address has a query',
    unrevoke: c => c.req.url.includes('?'),
  },
  'revoked-both-headers': {
    why: 'revoked_api_key: a revoked key works when it is in both headers',
    unrevoke: c => c.req.headers.authorization && c.req.headers['x-api-key'],
  },
  // ---- input
  'json-lenient-roadmap': {
    why: 'invalid_json: on roadmap broken JSON is read as {}',
    json: c => {
      if (c.tool === 'roadmap')
        try {
          JSON.parse(c.body.toString());
        } catch {
          c.input = {};
        }
    },
  },
  'json-lenient-bearer': {
    why: 'invalid_json: with Bearer broken JSON is read as {}',
    json: c => {
      if (c.carrier === 'bearer')
        try {
          JSON.parse(c.body.toString());
        } catch {
          c.input = {};
        }
    },
  },
  'json-lenient-late': {
    why: 'invalid_json: a trailing comma is tolerated 45 s after the start',
    json: c => {
      if (process.uptime() > 45)
        try {
          c.input = JSON.parse(c.body.toString().replace(/,\s*([}\]])/g, '$1'));
        } catch {}
    },
  },
  'json-hash-comment': {
    why: 'invalid_json: # comments are tolerated',
    json: c => {
      try {
        c.input = JSON.parse(c.body.toString().replace(/#[^\n"]*\n/g, '\n'));
      } catch {}
    },
  },
  'json-hex-number': {
    why: 'invalid_json: 0x10 is tolerated',
    json: c => {
      try {
        c.input = JSON.parse(c.body.toString().replace(/([:\[,]\s*)0x[0-9a-f]+/gi, '$116'));
      } catch {}
    },
  },
  'json-bare-dot': {
    why: 'invalid_json: numbers like .5 and 5. are tolerated',
    json: c => {
      try {
        c.input = JSON.parse(
          c.body
            .toString()
            .replace(/([:\[,]\s*)\.(\d)/g, '$10.$2')
            .replace(/(\d)\.(?=[,}\]])/g, '$1.0'),
        );
      } catch {}
    },
  },
  'json-trailing-text': {
    why: 'invalid_json: what stands behind the first document is ignored, if it is no bracket',
    json: c => {
      const s = c.body.toString(),
        i = s.lastIndexOf('}');
      if (i > 0)
        try {
          c.input = JSON.parse(s.slice(0, i + 1));
        } catch {}
    },
  },
  'input-422-regenerate': {
    why: 'invalid_input is 400: 422 on regenerate only',
    ...on(
      (c, o) => o.err.code === 'invalid_input' && c.tool === 'regenerate',
      o => {
        o.status = 422;
      },
    ),
  },
  'input-no-field-roadmap': {
    why: '"message names the offending field": not on roadmap',
    ...on(
      (c, o) => o.err.code === 'invalid_input' && c.tool === 'roadmap',
      o => {
        o.err.message = 'The body has not the right shape.';
      },
    ),
  },
  'input-no-field-bearer': {
    why: '"message names the offending field": not with Bearer',
    ...on(
      (c, o) => o.err.code === 'invalid_input' && c.carrier === 'bearer',
      o => {
        o.err.message = 'The body has not the right shape.';
      },
    ),
  },
  'input-all-fields': {
    why: '"message names the offending field": it lists every field of the tool',
    ...on(
      (c, o) => o.err.code === 'invalid_input' && c.tool === 'tagline',
      o => {
        o.err.message = 'Check product, description, tone and count.';
      },
    ),
  },
  'input-null-field': {
    why: 'invalid_input: a field that is null is taken as it is and answered 500',
    ...boom(s => /:\s*null/.test(s)),
  },
  'input-empty-text-ok': {
    why: 'invalid_input: an empty product passes (falsy, so not checked)',
    input: (c, v) => v && v.product === '' && v.tone,
  },
  'input-number-regenerate': {
    why: 'invalid_input: regenerate takes a number for instructions',
    input: (c, v) => c.tool === 'regenerate' && v && typeof v.instructions === 'number',
  },
  // ---- authorisation
  'numbers-swapped-roadmap': {
    why: '"You need 150 credits but have 40": swapped on roadmap only',
    numbers: (c, n, h) => (c.tool === 'roadmap' ? [h, n] : [n, h]),
  },
  'need-wrong-regenerate': {
    why: '"You need ..": regenerate names the tagline\'s cost',
    numbers: (c, n, h) => [c.tool === 'regenerate' ? 10 : n, h],
  },
  'have-zero': { why: '"but have ..": always 0', numbers: (c, n) => [n, 0] },
  'need-difference': {
    why: '"You need ..": names what is missing, not what is needed',
    numbers: (c, n, h) => [n - h, h],
  },
  'overdraw-second': {
    why: 'insufficient_credits: the second call of a workspace is served on credit',
    overdraw: c => nth('o' + c.key) > 1,
  },
  'overdraw-regenerate': {
    why: 'insufficient_credits: regenerate does not look at the balance',
    overdraw: c => c.tool === 'regenerate',
  },
  'overdraw-bearer': {
    why: 'insufficient_credits: with Bearer the balance is not looked at',
    overdraw: c => c.carrier === 'bearer',
  },
  '402-as-403-roadmap': {
    why: 'insufficient_credits is 402: 403 on roadmap only',
    ...on(
      (c, o) => o.err.code === 'insufficient_credits' && c.tool === 'roadmap',
      o => {
        o.status = 403;
      },
    ),
  },
  'gate-bearer': { why: 'plan_gate: a Free key passes with Bearer', ungate: c => c.carrier === 'bearer' },
  'gate-second': { why: 'plan_gate: a Free key passes the second time', ungate: () => nth('g') > 1 },
  'regen-bearer': { why: 'regen_limit: the cap holds with X-API-Key only', uncap: c => c.carrier === 'bearer' },
  'regen-second': { why: 'regen_limit: a second regeneration in a row passes', uncap: () => nth('u') > 1 },
  'regen-429-bearer': {
    why: 'regen_limit is 403: 429 with Bearer',
    ...on(
      (c, o) => o.err.code === 'regen_limit' && c.carrier === 'bearer',
      o => {
        o.status = 429;
        o.headers['Retry-After'] = '60';
      },
    ),
  },
  'orphan-get': {
    why: 'workspace_not_found: the credits route answers 200 for a deleted workspace',
    undelete: c => c.tool === 'balance',
  },
  'orphan-roadmap': {
    why: 'workspace_not_found: roadmap says 402 for a deleted workspace',
    undelete: c => c.tool === 'roadmap',
  },
  'orphan-second': {
    why: 'workspace_not_found: the second request makes the workspace again',
    undelete: () => nth('w') > 1,
  },
  'orphan-410-bearer': {
    why: 'workspace_not_found is 404: 410 with Bearer',
    ...on(
      (c, o) => o.err.code === 'workspace_not_found' && c.carrier === 'bearer',
      o => {
        o.status = 410;
      },
    ),
  },
  // ---- upstream
  'preflight-html-regenerate': {
    why: '"Every"/preflight_failed: HTML on regenerate',
    ...on(
      (c, o) => o.err.code === 'preflight_failed' && c.tool === 'regenerate',
      o => html(o),
    ),
  },
  'preflight-503-bearer': {
    why: 'preflight_failed is 500: 503 with Bearer',
    ...on(
      (c, o) => o.err.code === 'preflight_failed' && c.carrier === 'bearer',
      o => {
        o.status = 503;
      },
    ),
  },
  'charge-502-bearer': {
    why: '"No credits charged": charged with Bearer only',
    failed: (c, w) => {
      if (c.carrier === 'bearer') w.credits -= c.cost;
    },
  },
  'charge-502-roadmap': {
    why: '"No credits charged": charged on roadmap only',
    failed: (c, w) => {
      if (c.tool === 'roadmap') w.credits -= c.cost;
    },
  },
  'charge-502-late': {
    why: '"No credits charged": charged 5 s later',
    failed: (c, w) => {
      setTimeout(() => {
        w.credits -= c.cost;
      }, 5000);
    },
  },
  'charge-502-30s': {
    why: '"No credits charged": charged 30 s later',
    failed: (c, w) => {
      setTimeout(() => {
        w.credits -= c.cost;
      }, 30000);
    },
  },
  'charge-502-every-second': {
    why: '"No credits charged": every second 502 is charged',
    failed: (c, w) => {
      if (nth('f') % 2 === 0) w.credits -= c.cost;
    },
  },
  'charge-502-first': {
    why: '"No credits charged": only the first 502 of a workspace is charged',
    failed: (c, w) => {
      if (nth('f') === 1) w.credits -= c.cost;
    },
  },
  'charge-502-one': {
    why: '"No credits charged": one credit',
    failed: (c, w) => {
      w.credits -= 1;
    },
  },
  'charge-502-fraction': {
    why: '"No credits charged": 0.001 of a credit',
    failed: (c, w) => {
      w.credits = Math.round((w.credits - 0.001) * 1000) / 1000;
    },
  },
  'charge-502-refund': {
    why: '"No credits charged": charged, and paid back 3 s later',
    failed: (c, w) => {
      w.credits -= c.cost;
      setTimeout(() => {
        w.credits += c.cost;
      }, 3000);
    },
  },
  'charge-502-next': {
    why: '"No credits charged": added to the next call that succeeds',
    failed: (c, w) => {
      w.debt = (w.debt ?? 0) + c.cost;
    },
    succeeded: (c, w) => {
      w.credits -= w.debt ?? 0;
      w.debt = 0;
    },
  },
  'charge-502-cached': {
    why: '"No credits charged": charged, while the balance shown is cached for 20 s',
    failed: (c, w) => {
      w.credits -= c.cost;
    },
    balance: (c, w) => {
      if (!w.at || c.t - w.at > 20000) {
        w.at = c.t;
        w.shown = w.credits;
      }
      return w.shown;
    },
  },
  '502-html-roadmap': {
    why: '"Every"/generation_failed: HTML on roadmap',
    ...on(
      (c, o) => o.err.code === 'generation_failed' && c.tool === 'roadmap',
      o => html(o),
    ),
  },
  '502-as-500-bearer': {
    why: 'generation_failed is 502: 500 with Bearer',
    ...on(
      (c, o) => o.err.code === 'generation_failed' && c.carrier === 'bearer',
      o => {
        o.status = 500;
      },
    ),
  },
  'timeout-85s': { why: '"90s-5min": gives up after 85 s', timeout: () => 85000 },
  'timeout-310s': { why: '"90s-5min": gives up after 310 s', timeout: () => 310000 },
  'timeout-20s-roadmap': {
    why: '"90s-5min": roadmap gives up after 20 s',
    timeout: c => (c.tool === 'roadmap' ? 20000 : 90300),
  },
  'timeout-second-1s': {
    why: '"90s-5min": a second hanging generation is given up at once',
    timeout: () => (nth('t') > 1 ? 1000 : 90300),
  },
  'timeout-code-bearer': {
    why: 'generation_timeout: generation_failed with 504, Bearer only',
    ...on(
      (c, o) => o.err.code === 'generation_timeout' && c.carrier === 'bearer',
      o => {
        o.err.code = 'generation_failed';
      },
    ),
  },
  'charge-504': {
    why: 'MARGINAL (the page says it of 502 only): a 504 is charged',
    timedOut: (c, w) => {
      w.credits -= c.cost;
    },
  },
  // ---- limits
  'limit-10s': { why: '"60 req/min": 60 in every 10 s', limit: (c, k, take) => take(k, { win: 10000 }) },
  'limit-30s': { why: '"60 req/min": 60 in every 30 s', limit: (c, k, take) => take(k, { win: 30000 }) },
  'limit-50s': { why: '"60 req/min": 60 in every 50 s', limit: (c, k, take) => take(k, { win: 50000 }) },
  'limit-120s': { why: '"60 req/min": 60 in every 120 s', limit: (c, k, take) => take(k, { win: 120000 }) },
  'limit-per-second': { why: '"60 req/min": 60 a second', limit: (c, k, take) => take(k, { win: 1000 }) },
  'limit-61': { why: '"60 req/min": 61', limit: (c, k, take) => take(k, { max: 61 }) },
  'limit-59': { why: '"60 req/min": 59', limit: (c, k, take) => take(k, { max: 59 }) },
  'limit-get-only': {
    why: '"60 req/min per-key": POST is not limited',
    limit: (c, k, take) => (c.method === 'GET' ? take(k) : 0),
  },
  'limit-post-only': {
    why: '"60 req/min per-key": GET is not limited',
    limit: (c, k, take) => (c.method === 'POST' ? take(k) : 0),
  },
  'limit-x-only': {
    why: '"per-key": with Bearer no limit',
    limit: (c, k, take) => (c.carrier === 'bearer' ? 0 : take(k)),
  },
  'limit-per-carrier': { why: '"per-key": counted apart per header', limit: (c, k, take) => take(k + c.carrier) },
  'limit-per-route': { why: '"per-key": counted apart per route', limit: (c, k, take) => take(k + c.tool) },
  'limit-per-method': { why: '"per-key": counted apart per method', limit: (c, k, take) => take(k + c.method) },
  'limit-per-ip': { why: '"per-key": counted per address, whatever the key', limit: (c, k, take) => take('ip') },
  'limit-per-xff': {
    why: '"per-key": a new X-Forwarded-For starts a new count',
    limit: (c, k, take) =>
      take(k + (c.req.headers['x-forwarded-for'] ?? c.req.headers['x-real-ip'] ?? c.req.headers.forwarded ?? '')),
  },
  'limit-per-ua': {
    why: '"per-key": counted apart per User-Agent',
    limit: (c, k, take) => take(k + c.req.headers['user-agent']),
  },
  'limit-per-connection': {
    why: '"per-key": counted apart per connection',
    limit: (c, k, take) => take(k + c.req.socket.remotePort),
  },
  'limit-per-url': {
    why: '"per-key": counted apart per full address with its query',
    limit: (c, k, take) => take(k + c.req.url),
  },
  'limit-bearer-shared': {
    why: '"per-key": all keys in Bearer share one count',
    limit: (c, k, take) => (c.carrier === 'bearer' ? take('shared-bearer') : take(k)),
  },
  'limit-shared-burst': {
    why: '"per-key": while one key is over the limit, every other key is refused in half of its calls',
    limit: (c, k, take, B) => {
      const w = take(k);
      if (w) {
        S.over = c.t;
        return w;
      }
      return S.over && c.t - S.over < 2000 && nth('x') % 2 ? 5 : 0;
    },
  },
  'limit-reset-refusals': {
    why: '"60 req/min": after 15 refusals the count starts again',
    limit: (c, k, take, B) => {
      const w = take(k);
      if (w && (S['rf' + k] = (S['rf' + k] ?? 0) + 1) >= 15) {
        S['rf' + k] = 0;
        B.delete(k);
      }
      return w;
    },
  },
  'limit-fraction': {
    why: '"exceeded": a fifth of the refused calls get through',
    limit: (c, k, take) => {
      const w = take(k);
      return w && nth('fr') % 5 === 0 ? 0 : w;
    },
  },
  'limit-concurrency': {
    why: '"60 req/min": refuses only over 60 calls at the same time',
    latency: () => 300,
    limit: c => {
      const o = (S.live = S.live ?? new Set());
      o.add(c);
      setTimeout(() => o.delete(c), 1000);
      return o.size > 60 ? 1 : 0;
    },
  },
  'limit-some-keys': {
    why: '"per-key": keys that end in an even character code have no limit',
    limit: (c, k, take) => (k.charCodeAt(k.length - 1) % 2 ? undefined : 0),
  },
  'retry-after-constant-5': { why: '"Wait Retry-After seconds": always 5', limit: (c, k, take) => take(k) && 5 },
  'retry-after-short': {
    why: '"Wait Retry-After seconds": 5 s too short',
    limit: (c, k, take) => {
      const w = take(k);
      return w && Math.max(1, w - 5);
    },
  },
  'retry-after-date': {
    why: '"Retry-After seconds": a date',
    ...on(code('rate_limited'), o => {
      o.headers['Retry-After'] = new Date(Date.now() + 60000).toUTCString();
    }),
  },
  'retry-after-none-post': {
    why: '"Wait Retry-After seconds": no header on POST',
    ...on(
      (c, o) => o.err.code === 'rate_limited' && c.method === 'POST',
      o => {
        delete o.headers['Retry-After'];
      },
    ),
  },
  'retry-after-none-bearer': {
    why: '"Wait Retry-After seconds": no header with Bearer',
    ...on(
      (c, o) => o.err.code === 'rate_limited' && c.carrier === 'bearer',
      o => {
        delete o.headers['Retry-After'];
      },
    ),
  },
  'limit-after-wait-unlimited': {
    why: '"60 req/min": after the first wait the key has no limit',
    limit: (c, k, take, B) => {
      const w = take(k);
      if (w) S['d' + k] = true;
      return w && B.get(k).windows > 1 ? 0 : w;
    },
  },
  'limit-second-bigger': {
    why: '"60 req/min": 90 from the second minute on',
    limit: (c, k, take, B) =>
      take(k, { max: (b => (b && c.t >= b.start + 60000 ? b.windows >= 1 : b?.windows >= 2))(B.get(k)) ? 90 : 60 }),
  },
  'limit-second-smaller': {
    why: '"60 req/min": 20 in the minute after one in which the limit was exceeded',
    limit: (c, k, take, B) => {
      const b = B.get(k);
      if (b && c.t >= b.start + 60000 && b.refused) S['p' + k] = true;
      return take(k, { max: S['p' + k] ? 20 : 60 });
    },
  },
  'limit-ban': {
    why: '"Wait Retry-After seconds": a key refused 10 times is refused 5 minutes, while Retry-After says what the minute has left',
    limit: (c, k, take) => {
      const b = S['b' + k];
      const w = take(k);
      if (w && nth('n' + k) === 10) S['b' + k] = c.t + 300000;
      return w || (b > c.t ? 30 : 0);
    },
  },
  'limit-then-401': {
    why: '"Wait Retry-After": after the wait the key is revoked_api_key',
    limit: (c, k, take) => {
      const w = take(k);
      if (w) S['z' + k] = true;
      else if (S['z' + k]) throw c.err(401, 'revoked_api_key');
      return w;
    },
  },
  'limit-503-bearer': {
    why: 'rate_limited is 429: 503 with Bearer',
    ...on(
      (c, o) => o.err.code === 'rate_limited' && c.carrier === 'bearer',
      o => {
        o.status = 503;
      },
    ),
  },
};
