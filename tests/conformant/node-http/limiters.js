'use strict';
// Ways to hold a key to 60 requests a window. take(key) gives the seconds to wait, and 0 to whom it admits.
const LIMIT = 60;
const WINDOW = Number(process.env.WINDOW_SECONDS || 60);
const monotonic = () => performance.now() / 1000;

const limiter = (fresh, take, clock = monotonic) => () => {
  const states = new Map();
  return {
    take(key) {
      if (!states.has(key)) states.set(key, fresh());
      return take(states.get(key), clock());
    },
    // Gives a way to take back what was just counted, as long as its window lasts.
    mark(key) {
      const state = states.get(key);
      const { end } = state;
      return () => state.end === end && (state.used -= 1);
    },
  };
};

// Windows of `length` from where `start` says that they begin.
const windows = (start) => (state, now) => {
  if (now >= state.end) Object.assign(state, { used: 0, end: start(now) + WINDOW });
  if (state.used >= LIMIT) return state.end - now;
  state.used += 1;
  return 0;
};

const log = (countsRefusals) => (times, now) => {
  while (times.length && times[0] <= now - WINDOW) times.shift();
  const admitted = times.length < LIMIT;
  if (admitted || countsRefusals) times.push(now);
  while (times.length > LIMIT) times.shift(); // the last 60 decide
  return admitted ? 0 : times[0] + WINDOW - now;
};

const unused = () => ({ used: 0, end: -Infinity });
const began = monotonic();

exports.WINDOW = WINDOW;
exports.limiters = {
  fixed: limiter(unused, windows((now) => now)),
  wall: limiter(unused, windows((now) => Math.floor(now / WINDOW) * WINDOW), () => Date.now() / 1000),
  // A bucket that is filled up once a window, for all keys at once, counted from when the server began.
  whole: limiter(unused, windows((now) => began + Math.floor((now - began) / WINDOW) * WINDOW)),
  log: limiter(() => [], log(false)),
  logAll: limiter(() => [], log(true)),

  // What the last window had counts in part, as much of it as a sliding window still covers.
  counter: limiter(() => ({ index: 0, used: 0, before: 0 }), (state, now) => {
    const index = Math.floor(now / WINDOW);
    if (index > state.index) Object.assign(state, { before: index === state.index + 1 ? state.used : 0, used: 0, index });
    const passed = now / WINDOW - index;
    if (state.before * (1 - passed) + state.used + 1 <= LIMIT + 1e-9) {
      state.used += 1;
      return 0;
    }
    const room = LIMIT - 1;
    if (state.used <= room) return (1 - (room - state.used) / state.before - passed) * WINDOW;
    return (1 - passed + 1 - room / state.used) * WINDOW;
  }),

  bucket: limiter(() => ({ tokens: LIMIT, at: 0 }), (state, now) => {
    state.tokens = Math.min(LIMIT, state.tokens + ((now - state.at) * LIMIT) / WINDOW);
    state.at = now;
    if (state.tokens < 1 - 1e-9) return ((1 - state.tokens) * WINDOW) / LIMIT;
    state.tokens -= 1;
    return 0;
  }),

  gcra: limiter(() => ({ due: 0 }), (state, now) => {
    const each = WINDOW / LIMIT;
    const early = Math.max(state.due, now) - now - (LIMIT - 1) * each;
    if (early > 1e-9) return early;
    state.due = Math.max(state.due, now) + each;
    return 0;
  }),

  // Who passes the limit stays out for a window and a quarter.
  penalty: limiter(unused, (state, now) => {
    if (now >= state.end) Object.assign(state, { used: 0, end: now + WINDOW, out: false });
    if (state.used < LIMIT) {
      state.used += 1;
      return 0;
    }
    if (!state.out) Object.assign(state, { out: true, end: now + WINDOW * 1.25 });
    return state.end - now;
  }),
};
