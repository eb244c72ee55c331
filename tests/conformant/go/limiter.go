package main

import (
	"math"
	"sync"
	"time"
)

const limit = 60

// limiter admits 60 requests a window at once, and tells truly how long a refused key has to wait.
type limiter struct {
	kind   string
	window float64
	start  time.Time
	mutex  sync.Mutex
	keys   map[string]*usage
}

type usage struct {
	at, tokens, banned float64
	count              int
	log                []float64
}

// wait counts a request of the key, and gives 0 or the seconds after which the key is served again.
func (l *limiter) wait(key string) float64 {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := time.Since(l.start).Seconds()
	u := l.keys[key]
	if u == nil {
		u = &usage{at: now, tokens: limit}
		l.keys[key] = u
	}
	switch l.kind {
	case "log": // the last window before now
		for len(u.log) > 0 && now-u.log[0] >= l.window {
			u.log = u.log[1:]
		}
		if len(u.log) >= limit {
			return u.log[0] + l.window - now
		}
		u.log = append(u.log, now)
		return 0
	case "bucket": // a token every sixtieth of a window
		u.tokens = math.Min(limit, u.tokens+(now-u.at)*limit/l.window)
		u.at = now
		return u.take((1 - u.tokens) * l.window / limit)
	case "steps": // ten tokens at every sixth of a window
		step := l.window / 6
		u.tokens = math.Min(limit, u.tokens+10*(math.Floor(now/step)-math.Floor(u.at/step)))
		u.at = now
		return u.take((math.Floor(now/step)+1)*step - now)
	case "penalty": // whoever goes past the limit is shut out for two windows
		if now < u.banned {
			return u.banned - now
		}
		if u.banned > 0 {
			*u = usage{at: now}
		}
	}
	if now-u.at >= l.window { // a window opens with a key's first request
		u.at, u.count = now, 0
	}
	u.count++
	if u.count <= limit {
		return 0
	}
	if l.kind == "penalty" {
		u.banned = now + 2*l.window
		return 2 * l.window
	}
	if l.kind == "patience" { // each refused request opens the window anew
		u.at = now
	}
	return u.at + l.window - now
}

func (u *usage) take(wait float64) float64 {
	if u.tokens < 1 {
		return wait
	}
	u.tokens--
	return 0
}
