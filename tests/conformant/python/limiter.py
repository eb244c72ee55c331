"""Limiters that all admit 60 requests a window at once, and tell truly how long a refused key has to wait."""

import math
import threading
import time

LIMIT = 60


class Limiter:
    def __init__(self, kind, window):
        self.kind, self.window = kind, window
        self.born = time.monotonic()
        self.state = {}
        self.lock = threading.Lock()

    def wait(self, key):
        """Counts a request of the key. Returns 0.0 for an admitted one, or the seconds to wait."""
        now = time.time() if self.kind in ("clock", "counter", "parts") else time.monotonic()
        with self.lock:
            return getattr(self, self.kind)(key, now)

    def fixed(self, key, now):
        """A window opens with a key's first request."""
        start, count = self.state.get(key, (now, 0))
        if now - start >= self.window:
            start, count = now, 0
        self.state[key] = (start, min(count + 1, LIMIT))
        return 0.0 if count < LIMIT else start + self.window - now

    def clock(self, key, now):
        """Windows begin with the minutes of the wall clock."""
        return self.aligned(key, now, now // self.window * self.window)

    def refill(self, key, now):
        """A bucket is filled whole at every tick since the server's start."""
        return self.aligned(key, now, self.born + (now - self.born) // self.window * self.window)

    def aligned(self, key, now, start):
        seen, count = self.state.get(key, (start, 0))
        count = count if seen == start else 0
        self.state[key] = (start, min(count + 1, LIMIT))
        return 0.0 if count < LIMIT else start + self.window - now

    def log(self, key, now, refusals=False):
        """The last window before now holds at most 60 requests."""
        seen = [at for at in self.state.get(key, []) if now - at < self.window]
        wait = 0.0 if len(seen) < LIMIT else seen[-LIMIT] + self.window - now
        if wait and refusals:
            wait = (seen + [now])[-LIMIT] + self.window - now
        if not wait or refusals:
            seen.append(now)
        self.state[key] = seen[-2 * LIMIT:]
        return wait

    def log_all(self, key, now):
        """The same, and a refused request counts as one of the 60."""
        return self.log(key, now, refusals=True)

    def counter(self, key, now):
        """A sliding window, estimated from this window's count and the share left of the last one's."""
        start = now // self.window * self.window
        seen, count, before = self.state.get(key, (start, 0, 0))
        if seen != start:
            count, before = 0, (count if seen == start - self.window else 0)
        spent = (now - start) / self.window
        if before * (1 - spent) + count + 1 <= LIMIT:
            self.state[key] = (start, count + 1, before)
            return 0.0
        self.state[key] = (start, count, before)
        if count < LIMIT:
            free = 1 - (LIMIT - 1 - count) / before
            return start + free * self.window - now
        return start + self.window * (2 - (LIMIT - 1) / count) - now

    def bucket(self, key, now):
        """60 tokens, and a new one every sixtieth of a window."""
        tokens, at = self.state.get(key, (LIMIT, now))
        tokens = min(LIMIT, tokens + (now - at) * LIMIT / self.window)
        self.state[key] = (tokens - 1 if tokens >= 1 else tokens, now)
        return 0.0 if tokens >= 1 else (1 - tokens) * self.window / LIMIT

    def gcra(self, key, now):
        """The theoretical time of arrival may run 59 intervals ahead."""
        step = self.window / LIMIT
        due = max(self.state.get(key, now), now)
        if due - now <= step * (LIMIT - 1) + 1e-9:
            self.state[key] = due + step
            return 0.0
        return due - step * (LIMIT - 1) - now

    def penalty(self, key, now):
        """Whoever goes past the limit is shut out for a window and a quarter."""
        banned = self.state.get((key, "until"), 0)
        if now < banned:
            return banned - now
        if banned:
            self.state.pop((key, "until"))
            self.state.pop(key, None)
        if not self.fixed(key, now):
            return 0.0
        self.state[(key, "until")] = now + self.window * 1.25
        return self.window * 1.25

    def parts(self, key, now):
        """A sliding window of six parts: the count of a part is forgotten as one."""
        size = self.window / 6
        part = math.floor(now / size)
        counts = {n: c for n, c in self.state.get(key, {}).items() if n > part - 6}
        if sum(counts.values()) < LIMIT:
            counts[part] = counts.get(part, 0) + 1
            self.state[key] = counts
            return 0.0
        self.state[key] = counts
        return (min(counts) + 6) * size - now
