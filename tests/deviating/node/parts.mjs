// What deviations and habits are made of.
export const html = (o, s = o.status) => {
  o.status = s;
  o.headers = { 'Content-Type': 'text/html' };
  o.raw = `<html><body><h1>${s}</h1></body></html>`;
};
export const plain = (o, s = o.status) => {
  o.status = s;
  o.headers = { 'Content-Type': 'text/plain' };
  o.raw = 'error';
};
export const on = (test, act) => ({
  err: (c, o) => {
    if (test(c, o)) act(o, c);
  },
});
export const code = k => (c, o) => o.err.code === k;
export const noDocs = o => {
  delete o.err.docs;
};
export const noId = o => {
  delete o.err.requestId;
};
// a body of which the parser says: 500 without an envelope, whoever sends it with a known key
export const boom = (test, how = html) => ({
  json: c => {
    if (test(c.body.toString('latin1'), c)) {
      c.boom = true;
      throw c.err(500, 'internal_error', 'boom');
    }
  },
  err: (c, o) => {
    if (c.boom) how(o, 500);
  },
});
export const rawDepth = s => {
  let d = 0,
    m = 0;
  for (const x of s) {
    if (x === '[' || x === '{') m = Math.max(m, ++d);
    else if (x === ']' || x === '}') d--;
  }
  return m;
};
export let S = {}; // state of the one server
export const nth = k => (S[k] = (S[k] ?? 0) + 1);
export const isRoute = t => c => c.tool === t;
