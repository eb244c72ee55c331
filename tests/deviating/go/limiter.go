package main

import (
	"hash/fnv"
	"math"
	"net"
	"strconv"
	"sync"
	"time"
)

type bucket struct {
	start   time.Time
	n       int
	refused int
	hit     bool
	limit   int
	log     []time.Time
	prev    int
	tokens  float64
	last    time.Time
}

type limiter struct {
	mu sync.Mutex
	m  map[string]*bucket
}

var lim = &limiter{m: map[string]*bucket{}}

func bucketKey(q *rq) string {
	k := q.key
	switch variantName {
	case "limit-per-carrier":
		k += "|" + q.carrier
	case "limit-per-path":
		k += "|" + q.route
	case "limit-ip-regenerate":
		if q.route == "regenerate" {
			h, _, _ := net.SplitHostPort(q.r.RemoteAddr)
			return "ip:" + h
		}
	case "limit-xff":
		k += "|" + q.r.Header.Get("X-Forwarded-For")
	case "limit-query":
		k += "|" + q.r.URL.RawQuery
	case "limit-shared-bucket":
		h := fnv.New32a()
		h.Write([]byte(k))
		return "b" + strconv.Itoa(int(h.Sum32()%2))
	case "limit-per-worker":
		k += "|" + strconv.FormatUint(q.conn%2, 10)
	}
	return k
}

// take counts a request; if it is refused, wait says how long.
func (l *limiter) take(q *rq) (ok bool, wait time.Duration, refused int) {
	if (is("limit-none-credits") && q.route == "credits") || (is("limit-head-free") && q.r.Method == "HEAD") {
		return true, 0, 0
	}
	key := bucketKey(q)
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.m[key]
	if b == nil {
		b = &bucket{start: now, limit: limitN, tokens: float64(limitN), last: now}
		l.m[key] = b
	}
	switch variantName {
	case "sliding-log", "sliding-log-refused":
		for len(b.log) > 0 && now.Sub(b.log[0]) >= window {
			b.log = b.log[1:]
		}
		if len(b.log) < limitN {
			b.log = append(b.log, now)
			return true, 0, 0
		}
		if is("sliding-log-refused") {
			b.log = append(b.log, now)
		}
		return false, b.log[len(b.log)-limitN].Add(window).Sub(now), 0
	case "token-bucket":
		rate := float64(limitN) / window.Seconds()
		b.tokens = math.Min(float64(limitN), b.tokens+now.Sub(b.last).Seconds()*rate)
		b.last = now
		if b.tokens >= 1 {
			b.tokens--
			return true, 0, 0
		}
		return false, time.Duration((1 - b.tokens) / rate * float64(time.Second)), 0
	case "calendar-minute", "sliding-counter":
		w := now.Truncate(window)
		if !b.start.Equal(w) {
			if b.start.Equal(w.Add(-window)) {
				b.prev = b.n
			} else {
				b.prev = 0
			}
			b.start, b.n = w, 0
		}
		frac := float64(now.Sub(w)) / float64(window)
		left := w.Add(window).Sub(now)
		if is("calendar-minute") {
			if b.n < limitN {
				b.n++
				return true, 0, 0
			}
			return false, left, 0
		}
		L := float64(limitN)
		if float64(b.prev)*(1-frac)+float64(b.n)+1 <= L {
			b.n++
			return true, 0, 0
		}
		if b.prev > 0 && float64(b.n)+1 <= L {
			f := 1 - (L-1-float64(b.n))/float64(b.prev)
			if f < 1 {
				return false, time.Duration((f - frac) * float64(window)), 0
			}
		}
		f := 1 - (L-1)/float64(b.n)
		if f < 0 {
			f = 0
		}
		return false, left + time.Duration(f*float64(window)), 0
	}

	// fixed windows from the key's first request
	length := window
	switch variantName {
	case "limit-short-window":
		length = window * 3 / 4
	case "limit-long-window":
		length = window * 3 / 2
	case "limit-no-reset-after-hit":
		if b.hit {
			length = 2 * window
		}
	}
	if now.Sub(b.start) >= length {
		nb := &bucket{start: now, limit: limitN}
		switch variantName {
		case "limit-carry-over":
			nb.n = b.refused
			if nb.n > limitN-1 {
				nb.n = limitN - 1
			}
		case "limit-second-window-half":
			if b.hit {
				nb.limit = limitN / 2
			}
		case "limit-61-after-reset":
			nb.n = -1
		}
		b = nb
		l.m[key] = b
	}
	max := b.limit
	if is("limit-61-bearer") && q.carrier == "bearer" {
		max++
	}
	if is("limit-59-roadmap") && q.route == "roadmap" {
		max--
	}
	if b.n >= max {
		b.refused++
		b.hit = true
		left := b.start.Add(length).Sub(now)
		if is("limit-no-reset-after-hit") {
			el := now.Sub(b.start)
			left = window - el%window
		}
		return false, left, b.refused
	}
	if is("limit-race") {
		n := b.n
		l.mu.Unlock()
		time.Sleep(4 * time.Millisecond)
		l.mu.Lock()
		b.n = n + 1
		return true, 0, 0
	}
	if is("limit-successes-only") {
		q.onFailure = func() {
			l.mu.Lock()
			b.n--
			l.mu.Unlock()
		}
	}
	b.n++
	return true, 0, 0
}
