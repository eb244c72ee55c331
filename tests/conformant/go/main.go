// The error page kept by net/http, in variants that differ where the page is silent.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	mathrand "math/rand"
	"net"
	"net/http"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

const docs = "https://www.planmysaas.com/docs/api/errors"

type variant struct {
	order, limiter, credits, media, name, ids                     string
	drained, timeout                                              int
	strict, refuseBytes, members, trailers, interim, close, spain bool
	every, hold, lower, bare, whole, created, length, extra       bool
	idle, delay                                                   time.Duration
}

var variants = map[string]variant{
	// Go's own ways: wrong bytes of UTF-8 become replacement characters, headers have their usual case, the usual order.
	"standard": {
		limiter: "fixed", credits: "You need %[1]d credits but have %[2]d.", drained: 4,
	},
	// A gzip file is a series of members (RFC 1952 2.2), so two make one body; without Accept-Encoding any coding is
	// acceptable (RFC 9110 12.5.3). Wrong bytes may be refused. The media type may have any suffix +json.
	"gzip-members": {
		limiter: "log", members: true, refuseBytes: true, media: "application/vnd.planmysaas+json; charset=UTF-8", ids: "hex",
		credits: "insufficient credits: required=%[1]d available=%[2]d", drained: 9, every: true,
	},
	// Interim answers may come first, more of them while a tool works (RFC 9110 15.2); a body may be chunked and have a
	// trailer; the bucket's rate is 60 a minute; a tool may try for two minutes and a half.
	"trailers": {
		limiter: "bucket", trailers: true, interim: true, timeout: 150, name: "body/%s", credits: "%[2]d of %[1]d credits", drained: 1,
		order: "auth json rate input workspace preflight credits plan regen",
	},
	// Nobody says how long one is refused, only that Retry-After holds: here for two minutes. No language is promised.
	"spanish": {
		limiter: "penalty", spain: true, drained: 0, extra: true, name: "\u00ab%s\u00bb", lower: true,
		credits: "Saldo: ninguno. Esta llamada cuesta %[1]d cr\u00e9ditos.",
	},
	// The shape may be the exact one of the issued keys; what a key may do is asked before the body is looked at; each
	// answer may end its connection, and take its time.
	"strict-slow": {
		limiter: "fixed", strict: true, close: true, delay: 250 * time.Millisecond, whole: true, name: "$['%s']", drained: -50,
		credits: "Balance %[2]d is less than the price of %[1]d.", order: "auth workspace plan regen credits rate json input preflight",
	},
	// Ten tokens at every tenth second are 60 a minute as well; idle connections end after a second; credits may be
	// held while a tool works; 411 for a body of unknown length (RFC 9110 15.5.12); a call may create something.
	"steps": {
		limiter: "steps", idle: time.Second, hold: true, bare: true, created: true, length: true, timeout: 300, drained: 7, ids: "nano",
		credits: "This call takes \u20a1%[1]d.00, your balance is \u20a1%[2]d.00.", media: "application/json;charset=utf-8;v=2",
	},
	// A refused request may open the minute anew, which Retry-After says; the body may be checked before the key.
	"patience": {
		limiter: "patience", order: "json input auth rate preflight credits regen plan workspace", name: "Field %q", drained: 2,
		credits: "%[1]d credits needed, %[2]d left", ids: "nano", every: true,
	},
}

var status = map[string]int{
	"missing_api_key": 401, "malformed_api_key": 401, "invalid_api_key": 401, "revoked_api_key": 401, "invalid_json": 400,
	"invalid_input": 400, "insufficient_credits": 402, "plan_gate": 403, "regen_limit": 403, "workspace_not_found": 404,
	"not_found": 404, "method_not_allowed": 405, "length_required": 411, "rate_limited": 429, "preflight_failed": 500,
	"generation_failed": 502, "generation_timeout": 504,
}
var spanish = map[string]string{
	"missing_api_key": "Falta la clave.", "malformed_api_key": "La clave no tiene la forma debida.", "invalid_api_key": "Clave desconocida.",
	"revoked_api_key": "Clave revocada.", "invalid_json": "El cuerpo no es JSON.", "plan_gate": "Hace falta un plan superior.",
	"rate_limited": "Demasiadas peticiones.", "workspace_not_found": "El espacio de trabajo fue borrado.",
}

type account struct {
	name    string
	credits int
}

// refusal is what a check finds; an empty code means that nothing is wrong.
type refusal struct {
	code, message string
	wait          float64
}

type server struct {
	variant
	window, giveUp float64
	accounts       map[[32]byte]*account // by the hash of the key
	shape          *regexp.Regexp
	limits         *limiter
	mutex          sync.Mutex
	count          int64
}

// call is one request on its way through the checks.
type call struct {
	request    *http.Request
	tool       string
	cost       int
	raw        []byte
	body       interface{}
	account    *account
	key, fault string
}

var regenerate = regexp.MustCompile("^/api/v1/projects/[^/]+/regenerate$")

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.delay > 0 {
		time.Sleep(20*time.Millisecond + time.Duration(mathrand.Int63n(int64(s.delay))))
	}
	c := &call{request: r, fault: r.Header.Get("X-Test-Fault")}
	c.raw, _ = io.ReadAll(io.LimitReader(r.Body, 64<<20))
	method := http.MethodPost
	switch {
	case r.URL.Path == "/api/v1/credits":
		method = http.MethodGet
	case r.URL.Path == "/api/v1/tools/tagline":
		c.tool, c.cost = "tagline", 10
	case r.URL.Path == "/api/v1/tools/roadmap":
		c.tool, c.cost = "roadmap", 150
	case regenerate.MatchString(r.URL.Path):
		c.tool, c.cost = "regenerate", 20
	default:
		s.refuse(w, r, refusal{code: "not_found"})
		return
	}
	if r.Method != method {
		s.refuse(w, r, refusal{code: "method_not_allowed"})
		return
	}
	if s.length && method == http.MethodPost && r.Header.Get("Content-Length") == "" && r.ContentLength < 0 {
		s.refuse(w, r, refusal{code: "length_required"})
		return
	}
	for _, step := range strings.Fields(s.order) {
		if c.tool == "" && !strings.Contains("auth rate workspace", step) {
			continue
		}
		if found := s.check(step, c); found.code != "" {
			s.refuse(w, r, found)
			return
		}
	}
	if c.tool == "" {
		s.mutex.Lock()
		left := c.account.credits
		s.mutex.Unlock()
		s.send(w, r, 200, map[string]interface{}{"credits": left, "unit": "credit"})
		return
	}
	if s.hold {
		s.charge(c.account, c.cost)
	}
	if c.fault == "generation_failed" || c.fault == "generation_timeout" {
		if c.fault == "generation_timeout" {
			for part := 0; part < 4; part++ {
				time.Sleep(time.Duration(s.giveUp * float64(time.Second) / 4))
				if s.interim && r.ProtoMinor == 1 && part < 3 {
					w.WriteHeader(http.StatusProcessing)
				}
			}
		}
		if s.hold {
			s.charge(c.account, -c.cost)
		}
		s.refuse(w, r, refusal{code: c.fault})
		return
	}
	if !s.hold {
		s.charge(c.account, c.cost)
	}
	code := 200
	if s.created {
		code = 201
	}
	s.send(w, r, code, map[string]interface{}{"result": []string{"Errors that keep their word."}})
}

func (s *server) charge(a *account, cost int) {
	s.mutex.Lock()
	a.credits -= cost
	s.mutex.Unlock()
}

func (s *server) check(step string, c *call) refusal {
	switch step {
	case "auth":
		return s.checkKey(c)
	case "rate":
		if wait := s.limits.wait(c.key); wait > 0 {
			return refusal{code: "rate_limited", wait: wait}
		}
	case "json":
		decoder := json.NewDecoder(bytes.NewReader(c.raw))
		decoder.UseNumber()
		if s.refuseBytes && !utf8.Valid(c.raw) || decoder.Decode(&c.body) != nil || decoder.Decode(new(interface{})) != io.EOF {
			return refusal{code: "invalid_json"}
		}
	case "input":
		wrong := wrongFields(c.tool, c.body)
		for i, one := range wrong {
			name, why, _ := strings.Cut(one, " ")
			wrong[i] = fmt.Sprintf(s.name, name) + " " + why
		}
		if len(wrong) > 1 && !s.every {
			wrong = wrong[:1]
		}
		if len(wrong) > 0 {
			return refusal{code: "invalid_input", message: strings.Join(wrong, ", ")}
		}
	case "workspace":
		if c.account.name == "ORPHANED" {
			return refusal{code: "workspace_not_found"}
		}
	case "plan":
		if c.tool == "roadmap" && c.account.name == "FREE_PLAN" {
			return refusal{code: "plan_gate"}
		}
	case "regen":
		if c.tool == "regenerate" && c.account.name == "REGEN_CAPPED" {
			return refusal{code: "regen_limit"}
		}
	case "preflight":
		if c.fault == "preflight_failed" {
			return refusal{code: "preflight_failed"}
		}
	case "credits":
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if c.account.credits < c.cost {
			text := fmt.Sprintf(s.credits, c.cost, c.account.credits)
			return refusal{code: "insufficient_credits", message: text}
		}
	}
	return refusal{}
}

func (s *server) checkKey(c *call) refusal {
	c.key = c.request.Header.Get("X-API-Key")
	scheme, rest, _ := strings.Cut(c.request.Header.Get("Authorization"), " ")
	if c.key == "" && strings.EqualFold(scheme, "bearer") {
		c.key = strings.TrimSpace(rest)
	}
	if c.key == "" {
		return refusal{code: "missing_api_key"}
	}
	if !s.shape.MatchString(c.key) {
		return refusal{code: "malformed_api_key"}
	}
	c.account = s.accounts[sha256.Sum256([]byte(c.key))]
	if c.account == nil {
		return refusal{code: "invalid_api_key"}
	}
	if c.account.name == "REVOKED" {
		return refusal{code: "revoked_api_key"}
	}
	return refusal{}
}

// wrongFields gives a field's name and what is wrong with it, for each that is wrong.
func wrongFields(tool string, body interface{}) (wrong []string) {
	needed := map[string][]string{"tagline": {"product", "description", "tone"}, "roadmap": {"product", "description"}, "regenerate": {"instructions"}}
	fields, _ := body.(map[string]interface{})
	for _, name := range needed[tool] {
		text, isText := fields[name].(string)
		low, high := 1, 5000
		if tool == "tagline" && name == "product" {
			low, high = 3, 80
		} else if tool == "tagline" && name == "description" {
			low, high = 20, 2000
		}
		if n := utf8.RuneCountInString(text); !isText || n < low || n > high {
			wrong = append(wrong, fmt.Sprintf("%s must be a text of %d to %d characters", name, low, high))
		} else if name == "tone" && !regexp.MustCompile("^(plain|playful|bold|formal)$").MatchString(text) {
			wrong = append(wrong, "tone is none of plain, playful, bold, formal")
		}
	}
	if count, there := fields["count"]; there && tool == "tagline" {
		number, isNumber := count.(json.Number)
		value, err := strconv.ParseFloat(string(number), 64)
		if !isNumber || err != nil || value != math.Trunc(value) || value < 1 || value > 10 {
			wrong = append(wrong, "count must be a whole number from 1 to 10")
		}
	}
	return wrong
}

func (s *server) refuse(w http.ResponseWriter, r *http.Request, found refusal) {
	random := make([]byte, 12)
	rand.Read(random)
	n := atomic.AddInt64(&s.count, 1)
	id := map[string]string{"hex": hex.EncodeToString(random[:4]) + strconv.FormatInt(n, 16), "nano": fmt.Sprintf("%d-%d", time.Now().UnixNano(), n)}[s.ids]
	if id == "" {
		id = fmt.Sprintf("%x-%x-4%x-8%x-%x", random[:4], random[4:6], random[6:8], random[8:9], random[6:12])
	}
	message := found.message
	if s.spain && message == "" {
		message = spanish[found.code]
	}
	if message == "" {
		message = "The request was refused: " + strings.ReplaceAll(found.code, "_", " ") + "."
	}
	problem := map[string]interface{}{"code": found.code, "message": message, "docs": docs, "requestId": id}
	if s.extra {
		problem["status"], problem["retryable"], problem["cause"] = status[found.code], status[found.code] >= 429, nil
	}
	if found.wait > 0 {
		if s.whole {
			found.wait = s.window
		}
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Max(1, math.Ceil(found.wait)))))
	}
	if status[found.code] == 401 {
		w.Header().Set("WWW-Authenticate", `Bearer realm="api"`)
	}
	s.send(w, r, status[found.code], map[string]interface{}{"error": problem})
}

func (s *server) send(w http.ResponseWriter, r *http.Request, code int, body interface{}) {
	raw, _ := json.Marshal(body)
	header := w.Header()
	header.Set("Content-Type", "application/json")
	if s.media != "" && code >= 400 {
		header.Set("Content-Type", s.media)
	}
	if s.close {
		header.Set("Connection", "close")
	}
	if s.bare {
		header["Date"] = nil
	}
	accepted, asked := r.Header["Accept-Encoding"]
	no := regexp.MustCompile(`gzip\s*;\s*q=0(\.0*)?\s*(,|$)`)
	if all := strings.Join(accepted, ","); s.members && (!asked || strings.Contains(all, "gzip") && !no.MatchString(all)) {
		var packed bytes.Buffer
		for _, part := range [][]byte{raw[:len(raw)/2], raw[len(raw)/2:]} {
			member := gzip.NewWriter(&packed)
			member.Write(part)
			member.Close()
		}
		raw = packed.Bytes()
		header.Set("Content-Encoding", "gzip")
		header.Set("Vary", "Accept-Encoding")
	}
	if s.lower {
		for name, values := range header {
			if name != "Content-Type" && name != "Connection" { // net/http looks for these two by name
				delete(header, name)
				header[strings.ToLower(name)] = values
			}
		}
	}
	if s.interim && r.ProtoMinor == 1 {
		link := header["Link"]
		header.Set("Link", "</docs/api/errors>; rel=help")
		w.WriteHeader(http.StatusEarlyHints)
		header["Link"] = link
	}
	if s.trailers {
		header.Set("Trailer", "Server-Timing")
		w.WriteHeader(code)
		for i := 0; i < len(raw); i += 40 {
			w.Write(raw[i:int(math.Min(float64(len(raw)), float64(i+40)))])
			w.(http.Flusher).Flush()
		}
		header.Set("Server-Timing", "total;dur=1")
		return
	}
	w.WriteHeader(code)
	w.Write(raw)
}

func seconds(name string, usual float64) float64 {
	if value, err := strconv.ParseFloat(os.Getenv(name), 64); err == nil {
		return value
	}
	return usual
}

func main() {
	chosen, known := variants[strings.Join(os.Args[1:], " ")]
	if !known {
		names := []string{}
		for name := range variants {
			names = append(names, name)
		}
		sort.Strings(names)
		fmt.Fprintln(os.Stderr, "usage: run VARIANT, one of", names)
		os.Exit(2)
	}
	if chosen.order == "" {
		chosen.order = "auth rate json input workspace plan regen preflight credits"
	}
	if chosen.name == "" {
		chosen.name = "%s"
	}
	s := &server{variant: chosen, window: seconds("WINDOW_SECONDS", 60), accounts: map[[32]byte]*account{}}
	s.giveUp = seconds("TIMEOUT_SECONDS", math.Max(90, float64(chosen.timeout)))
	s.limits = &limiter{kind: chosen.limiter, window: s.window, start: time.Now(), keys: map[string]*usage{}}
	shapes := []string{}
	for name, credits := range map[string]int{"VALID": 1000000, "BURST": 1000000, "REVOKED": 99, "DRAINED": chosen.drained,
		"FREE_PLAN": 50000, "REGEN_CAPPED": 50000, "ORPHANED": 99} {
		if key := os.Getenv("ERRPROOF_KEY_" + name); key != "" {
			s.accounts[sha256.Sum256([]byte(key))] = &account{name, credits}
			shapes = append(shapes, fmt.Sprintf("[A-Za-z0-9_-]{%d}", len(key)-9))
		}
	}
	s.shape = regexp.MustCompile("^pms_live_[^\\s\"'`]+$")
	if chosen.strict {
		s.shape = regexp.MustCompile("^pms_live_(" + strings.Join(shapes, "|") + ")$")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	(&http.Server{Handler: s, IdleTimeout: chosen.idle}).Serve(listener)
}
