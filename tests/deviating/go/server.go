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
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	docsLink = "https://www.planmysaas.com/docs/api/errors"
	maxBody  = 8 << 20
)

// ---- state

type workspace struct {
	mu        sync.Mutex
	name      string
	plan      string // free, starter, pro
	balance   int
	held      int
	regens    map[string]int
	capped    bool
	gateCalls int
	failed    int
	timedOut  int
}

type apiKey struct {
	key     string
	revoked bool
	uses    int
	ws      *workspace // nil: deleted
}

var (
	keysMu   sync.Mutex
	keys     = map[[32]byte]*apiKey{}
	keyList  []*apiKey
	tails    = map[string]*apiKey{}
	unknowns []time.Time
)

func loadKeys() {
	add := func(env, plan string, balance int, f func(*apiKey)) {
		s := os.Getenv("ERRPROOF_KEY_" + env)
		if s == "" {
			return
		}
		k := &apiKey{key: s, ws: &workspace{name: strings.ToLower(env), plan: plan, balance: balance, regens: map[string]int{}}}
		if f != nil {
			f(k)
		}
		keys[sha256.Sum256([]byte(s))] = k
		keyList = append(keyList, k)
	}
	add("VALID", "pro", 5000, nil)
	add("BURST", "pro", 5000, nil)
	add("REVOKED", "pro", 5000, func(k *apiKey) { k.revoked = true })
	add("DRAINED", "pro", 4, nil)
	add("FREE_PLAN", "free", 5000, nil)
	add("REGEN_CAPPED", "starter", 5000, func(k *apiKey) { k.ws.capped = true })
	add("ORPHANED", "pro", 0, func(k *apiKey) { k.ws = nil })
}

var costs = map[string]int{"tagline": 10, "roadmap": 150, "regenerate": 20}

// ---- a request

type rq struct {
	w         http.ResponseWriter
	r         *http.Request
	conn      uint64
	id        string
	route     string // tagline, roadmap, regenerate, credits, or ""
	project   string
	carrier   string // x-api-key, bearer, or ""
	key       string
	k         *apiKey
	ws        *workspace
	body      []byte
	bodyRead  bool
	value     interface{}
	count     int
	onFailure func()
}

func randomID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

var (
	constID   = randomID()
	processID = randomID()[:8]
	racing    uint32
	hanging   int32
)

var reClientID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func newID(r *http.Request, ci *connInfo) string {
	switch variantName {
	case "reqid-connection":
		if ci != nil {
			return ci.id
		}
	case "reqid-race":
		n := atomic.LoadUint32(&racing)
		time.Sleep(time.Millisecond)
		atomic.StoreUint32(&racing, n+1)
		return fmt.Sprintf("%s%08x", processID, n+1)
	case "reqid-uuid":
		a, b := randomID(), randomID()
		return "req_" + a[:8] + "-" + a[8:12] + "-4" + a[13:16] + "-a" + b[1:4] + "-" + b[4:16]
	case "reqid-client":
		if c := r.Header.Get("X-Request-Id"); reClientID.MatchString(c) {
			return c + "." + randomID()
		}
	}
	return randomID()
}

func (q *rq) isTool() bool { return q.route != "" && q.route != "credits" }

// ---- responses

func asJSON(v interface{}) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n")
}

func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			r -= 0x10000
			fmt.Fprintf(&b, "\\u%04x\\u%04x", 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		}
	}
	return b.String()
}

var german = map[string]string{
	"missing_api_key":     "Es fehlt der Schlüssel: X-API-Key oder Authorization.",
	"malformed_api_key":   "Der Schlüssel hat nicht die Form pms_live_… – bitte ohne Anführungszeichen übernehmen.",
	"invalid_api_key":     "Diesen Schlüssel gibt es nicht.",
	"revoked_api_key":     "Dieser Schlüssel wurde zurückgezogen.",
	"rate_limited":        "Zu viele Anfragen: höchstens 60 je Minute und Schlüssel.",
	"invalid_json":        "Der Rumpf ist kein gültiges JSON.",
	"workspace_not_found": "Den Arbeitsbereich zu diesem Schlüssel gibt es nicht mehr.",
	"plan_gate":           "Dieses Werkzeug gehört zu einem höheren Tarif.",
	"regen_limit":         "Das Projekt hat die Höchstzahl der Neuerzeugungen erreicht.",
	"preflight_failed":    "Innerer Fehler beim Prüfen des Guthabens.",
	"generation_failed":   "Der Generator meldete einen Fehler. Es wurde nichts abgebucht.",
	"generation_timeout":  "Der Generator wurde nicht rechtzeitig fertig.",
	"not_found":           "Diesen Weg gibt es nicht.",
	"method_not_allowed":  "Diese Methode geht hier nicht.",
}

func message(code, msg string) string {
	switch variantName {
	case "german":
		if g := german[code]; g != "" {
			return g
		}
		if code == "invalid_input" {
			return "Ungültige Eingabe – " + msg
		}
		if code == "insufficient_credits" {
			return strings.NewReplacer("You need ", "Nötig sind ", " credits but have ", " Credits, vorhanden sind ").Replace(msg)
		}
	case "terse":
		switch code {
		case "invalid_input":
			return strings.SplitN(msg, ":", 2)[0]
		case "insufficient_credits":
			return "credits"
		case "missing_api_key", "malformed_api_key", "invalid_api_key", "revoked_api_key":
			return "key"
		}
		return strings.ReplaceAll(code, "_", " ")
	}
	return msg
}

func (q *rq) envelope(status int, code, msg string) []byte {
	x, bearer := q.carrier == "x-api-key", q.carrier == "bearer"
	id := asJSON(q.id)
	m := asJSON(msg)
	docs := docsLink
	idName := "requestId"
	switch variantName {
	case "reqid-same-429":
		if status == 429 {
			id = asJSON(constID)
		}
	case "reqid-empty-json":
		if code == "invalid_json" {
			id = `""`
		}
	case "reqid-short-403":
		if status == 403 {
			id = asJSON(q.id[:1])
		}
	case "reqid-seconds":
		if status == 401 {
			id = asJSON(strconv.FormatInt(time.Now().Unix(), 10))
		}
	case "reqid-undefined":
		if code == "invalid_input" && bearer {
			id = `"undefined"`
		}
	case "reqid-number-502":
		if status == 502 {
			id = strconv.FormatInt(time.Now().UnixNano()%1e12, 10)
		}
	case "reqid-null-404":
		if code == "not_found" {
			id = "null"
		}
	case "env-snake-plan":
		if code == "plan_gate" {
			idName = "request_id"
		}
	case "env-docs-http-429":
		if status == 429 {
			docs = "http" + strings.TrimPrefix(docs, "https")
		}
	case "env-docs-path-regen":
		if code == "regen_limit" {
			docs = strings.TrimSuffix(docs, "s")
		}
	case "env-docs-relative-400":
		if code == "invalid_json" && x {
			docs = "/docs/api/errors"
		}
	case "docs-fragment":
		docs += "#" + code
	case "env-empty-message-404":
		if code == "workspace_not_found" && q.route == "credits" {
			m = `""`
		}
	case "env-message-array":
		if code == "invalid_input" && q.route == "tagline" && x {
			m = `[{"code":"invalid_type","path":["` + strings.SplitN(msg, ":", 2)[0] + `"],"message":` + m + `}]`
		}
	case "env-errors-array-bearer":
		if code == "invalid_input" && bearer {
			return []byte(`{"errors":[{"code":"invalid_input","message":` + m + `,"docs":` + asJSON(docs) + `,"requestId":` + id + `}]}`)
		}
	case "env-upper-code-regenerate":
		if code == "invalid_json" && q.route == "regenerate" {
			code = "INVALID_JSON"
		}
	case "env-no-docs-500":
		if code == "preflight_failed" {
			return []byte(`{"error":{"code":"preflight_failed","message":` + m + `,"requestId":` + id + `}}`)
		}
	case "key-leak-500":
		if code == "preflight_failed" {
			h := map[string]string{}
			for k := range q.r.Header {
				h[strings.ToLower(k)] = q.r.Header.Get(k)
			}
			return []byte(`{"error":{"code":"preflight_failed","message":` + m + `,"docs":` + asJSON(docs) + `,"requestId":` + id + `,"debug":{"headers":` + asJSON(h) + `}}}`)
		}
	case "extra-fields":
		return []byte(`{"error":{"code":` + asJSON(code) + `,"status":` + strconv.Itoa(status) + `,"type":"api_error","message":` + m + `,"docs":` + asJSON(docs) + `,"requestId":` + id + `,"timestamp":` + asJSON(time.Now().UTC().Format(time.RFC3339)) + `,"retryable":` + strconv.FormatBool(status == 429 || status >= 500) + `,"details":{"route":` + asJSON(q.route) + `}},"ok":false}`)
	case "pretty":
		return []byte(ascii("{\n  \"error\": {\n    \"requestId\": " + id + ",\n    \"docs\": " + strings.ReplaceAll(asJSON(docs), "/", `\/`) + ",\n    \"message\": " + m + ",\n    \"code\": " + asJSON(code) + "\n  }\n}\n"))
	}
	return []byte(`{"error":{"code":` + asJSON(code) + `,"message":` + m + `,"docs":` + asJSON(docs) + `,"` + idName + `":` + id + `}}`)
}

func (q *rq) html(status int, title string) {
	q.w.Header().Set("Content-Type", "text/html")
	body := "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n<hr><center>nginx/1.24.0</center>\r\n</body>\r\n</html>\r\n"
	q.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	q.w.WriteHeader(status)
	io.WriteString(q.w, body)
}

func (q *rq) text(status int, s string) {
	q.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	q.w.Header().Set("Content-Length", strconv.Itoa(len(s)))
	q.w.WriteHeader(status)
	io.WriteString(q.w, s)
}

// fail answers an error; it gives false so that a step can return it.
func (q *rq) fail(status int, code, msg string) bool {
	if q.onFailure != nil {
		q.onFailure()
		q.onFailure = nil
	}
	w := q.w
	x, bearer := q.carrier == "x-api-key", q.carrier == "bearer"
	msg = message(code, msg)
	ctype := "application/json"
	switch variantName {
	case "limit-503-roadmap":
		if code == "rate_limited" && q.route == "roadmap" {
			status = 503
		}
	case "limit-code-bearer-tagline":
		if code == "rate_limited" && q.route == "tagline" && bearer {
			code = "too_many_requests"
		}
	case "key-revoked-as-invalid-bearer":
		if code == "revoked_api_key" && bearer {
			code, msg = "invalid_api_key", "No such API key."
		}
	case "key-revoked-403-regenerate":
		if code == "revoked_api_key" && q.route == "regenerate" {
			status = 403
		}
	case "key-missing-403-credits":
		if code == "missing_api_key" && q.route == "credits" {
			status = 403
		}
	case "key-malformed-400-roadmap":
		if code == "malformed_api_key" && q.route == "roadmap" {
			status = 400
		}
	case "key-orphan-join-credits":
		if code == "workspace_not_found" && q.route == "credits" {
			status, code, msg = 401, "invalid_api_key", "No such API key."
		}
	case "key-orphan-410-tagline":
		if code == "workspace_not_found" && q.route == "tagline" {
			status = 410
		}
	case "key-leak-revoked":
		if code == "revoked_api_key" && bearer {
			msg = "The API key " + q.key + " was revoked."
		}
	case "masked-key":
		if status == 401 && len(q.key) > 16 {
			msg += " (…" + q.key[len(q.key)-4:] + ")"
		}
	case "key-leak-header":
		if status == 402 {
			w.Header().Set("X-Debug-Principal", q.key)
		}
	case "credits-403-regenerate":
		if code == "insufficient_credits" && q.route == "regenerate" {
			status = 403
		}
	case "plan-402-bearer":
		if code == "plan_gate" && bearer {
			status = 402
		}
	case "regen-429-x":
		if code == "regen_limit" && x {
			status = 429
		}
	case "regen-code-bearer":
		if code == "regen_limit" && bearer {
			code = "regeneration_limit"
		}
	case "json-422-roadmap":
		if code == "invalid_json" && q.route == "roadmap" {
			status = 422
		}
	case "json-as-input-bearer-regenerate":
		if code == "invalid_json" && q.route == "regenerate" && bearer {
			code, msg = "invalid_input", "body: expected an object"
		}
	case "input-422-bearer":
		if code == "invalid_input" && bearer {
			status = 422
		}
	case "timeout-html-bearer":
		if code == "generation_timeout" && q.route == "tagline" && bearer {
			q.html(504, "504 Gateway Time-out")
			return false
		}
	case "timeout-502-regenerate":
		if code == "generation_timeout" && q.route == "regenerate" {
			status, code, msg = 502, "generation_failed", "The generator returned an error. No credits were charged."
		}
	case "timeout-408-x":
		if code == "generation_timeout" && q.route == "roadmap" && x {
			status = 408
		}
	case "failed-500-roadmap":
		if code == "generation_failed" && q.route == "roadmap" {
			status = 500
		}
	case "failed-200-bearer":
		if code == "generation_failed" && q.route == "regenerate" && bearer {
			q.ok(`{"result":null,"creditsLeft":` + strconv.Itoa(q.read()) + `}`)
			return false
		}
	case "failed-code-tagline":
		if code == "generation_failed" && q.route == "tagline" {
			code = "upstream_error"
		}
	case "preflight-503-bearer":
		if code == "preflight_failed" && bearer {
			status = 503
		}
	case "env-200-orphan-regenerate":
		if code == "workspace_not_found" && q.route == "regenerate" {
			status = 200
		}
	case "env-accept-html":
		if code == "missing_api_key" && strings.Contains(q.r.Header.Get("Accept"), "text/html") {
			q.html(401, "401 Authorization Required")
			return false
		}
	case "env-html-type-504":
		if status == 504 {
			ctype = "text/html; charset=utf-8"
		}
	case "env-head-200":
		if code == "missing_api_key" && q.r.Method == "HEAD" {
			q.ok(`{}`)
			return false
		}
	case "pretty":
		ctype = "application/problem+json; charset=utf-8"
	}
	body := q.envelope(status, code, msg)
	cut := 0
	switch variantName {
	case "env-double-502":
		if status == 502 && q.route == "roadmap" {
			body = []byte(asJSON(string(body)))
		}
	case "env-truncated-regen":
		if code == "regen_limit" {
			cut = len(body) - len([]rune(string(body)))
		}
	case "env-latin1-404":
		if code == "workspace_not_found" && bearer {
			body = bytes.Replace(body, []byte("deleted."), []byte("deleted \xb7 supprim\xe9."), 1)
		}
	case "env-bom-500":
		if code == "preflight_failed" && x {
			body = append([]byte("\xef\xbb\xbf"), body...)
		}
	case "env-gzip-label-502":
		if status == 502 && bearer {
			w.Header().Set("Content-Encoding", "gzip")
		}
	}
	q.send(status, ctype, body[:len(body)-cut])
	return false
}

func (q *rq) ok(body string) {
	q.send(200, "application/json", []byte(body))
}

func (q *rq) send(status int, ctype string, body []byte) {
	h := q.w.Header()
	if is("lowercase-headers") {
		h.Del("X-Request-Id")
		h["Content-Type"] = nil
		h["content-type"] = []string{ctype}
		h["Date"] = nil
		h["date"] = []string{time.Now().UTC().Format(http.TimeFormat)}
		for _, n := range []string{"Retry-After", "Allow"} {
			if v := h.Get(n); v != "" {
				h.Del(n)
				h[strings.ToLower(n)] = []string{v}
			}
		}
	} else {
		h.Set("Content-Type", ctype)
	}
	if is("extra-fields") {
		h.Set("X-RateLimit-Limit", "60")
		h.Set("RateLimit-Policy", `"default";q=60;w=60`)
		h.Set("Cache-Control", "no-store")
		h.Set("Via", "1.1 edge")
	}
	if is("chunked-gzip") {
		h.Add("Vary", "Accept-Encoding")
		if strings.Contains(q.r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			z.Write(body)
			z.Close()
			body = b.Bytes()
		}
		q.w.WriteHeader(status)
		if q.r.Method == "HEAD" {
			return
		}
		q.w.Write(body[:len(body)/2])
		q.w.(http.Flusher).Flush()
		q.w.Write(body[len(body)/2:])
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	q.w.WriteHeader(status)
	q.w.Write(body)
}

// ---- routes

var reProject = regexp.MustCompile(`^/api/v1/projects/([A-Za-z0-9_-]+)/regenerate$`)

func handle(w http.ResponseWriter, r *http.Request) {
	if is("slow-300ms") {
		time.Sleep(300 * time.Millisecond)
	}
	q := &rq{w: w, r: r}
	ci, _ := r.Context().Value(connKey{}).(*connInfo)
	if ci != nil {
		q.conn = ci.n
	}
	q.id = newID(r, ci)
	w.Header().Set("X-Request-Id", q.id)
	p := r.URL.Path
	method := "POST"
	switch {
	case p == "/api/v1/tools/tagline":
		q.route = "tagline"
	case p == "/api/v1/tools/roadmap":
		q.route = "roadmap"
	case p == "/api/v1/credits":
		q.route, method = "credits", "GET"
	default:
		if m := reProject.FindStringSubmatch(p); m != nil {
			q.route, q.project = "regenerate", m[1]
		}
	}
	if is("gateway-auth-all") && (q.route == "" || r.Method != method && !(method == "GET" && r.Method == "HEAD")) {
		route := q.route
		q.route = ""
		if q.auth() {
			q.fail(404, "route_not_found", "Nothing is served here.")
		}
		_ = route
		return
	}
	if q.route == "" {
		switch {
		case is("env-404-tool") && strings.HasPrefix(p, "/api/v1/tools/"):
			w.Header().Del("X-Request-Id")
			q.text(404, "404 page not found\n")
		case is("env-404-root") && !strings.HasPrefix(p, "/api"):
			q.html(404, "404 Not Found")
		case is("env-404-code"):
			q.fail(404, "workspace_not_found", "The requested resource was not found.")
		default:
			q.fail(404, "not_found", "There is no such route.")
		}
		return
	}
	allowed := method + ", OPTIONS"
	if method == "GET" {
		allowed = "GET, HEAD, OPTIONS"
	}
	if is("no-head-options") {
		allowed = method
		if r.Method != method {
			w.Header().Set("Allow", allowed)
			q.fail(405, "method_not_allowed", "This route takes "+allowed+".")
			return
		}
	}
	switch {
	case r.Method == method || method == "GET" && r.Method == "HEAD":
	case r.Method == "OPTIONS":
		w.Header().Set("Allow", allowed)
		if is("env-options-405-text") && q.route == "roadmap" {
			q.text(405, "Method Not Allowed\n")
			return
		}
		w.WriteHeader(204)
		return
	default:
		w.Header().Set("Allow", allowed)
		switch {
		case is("env-405-empty") && q.route == "credits":
			w.Header().Set("Content-Length", "0")
			w.WriteHeader(405)
		case is("env-405-text-get-tagline") && q.route == "tagline" && r.Method == "GET":
			q.text(405, "Method Not Allowed\n")
		default:
			q.fail(405, "method_not_allowed", "This route takes "+allowed+".")
		}
		return
	}
	if is("env-413-html") && q.route != "credits" {
		if !q.readBody() {
			return
		}
		if len(q.body) > 1<<20 {
			q.html(413, "413 Request Entity Too Large")
			return
		}
	}
	if q.isTool() && (is("strict-415") || is("env-415-bare") && q.route == "tagline") {
		ct := strings.ToLower(strings.TrimSpace(strings.SplitN(r.Header.Get("Content-Type"), ";", 2)[0]))
		if is("strict-415") && ct != "application/json" && !strings.HasSuffix(ct, "+json") {
			if !q.readBody() {
				return
			}
			q.fail(415, "unsupported_media_type", "Send application/json.")
			return
		}
		if is("env-415-bare") && ct == "text/plain" {
			q.send(415, "application/json", []byte(`{"statusCode":415,"error":"Unsupported Media Type","message":"Unsupported Media Type: text/plain"}`))
			return
		}
	}
	for _, step := range q.steps() {
		if !step() {
			return
		}
	}
}

func (q *rq) steps() []func() bool {
	if q.route == "credits" {
		if is("order-workspace-first") {
			return []func() bool{q.auth, q.workspace, q.limit, q.credits}
		}
		return []func() bool{q.auth, q.limit, q.workspace, q.credits}
	}
	switch variantName {
	case "limit-ip-regenerate":
		if q.route == "regenerate" {
			return []func() bool{q.limit, q.auth, q.json, q.input, q.workspace, q.plan, q.regen, q.preflight, q.balance, q.generate}
		}
	case "order-402-first":
		return []func() bool{q.auth, q.limit, q.workspace, q.plan, q.regen, q.preflight, q.balance, q.json, q.input, q.generate}
	case "order-body-first":
		return []func() bool{q.json, q.input, q.auth, q.limit, q.workspace, q.plan, q.regen, q.preflight, q.balance, q.generate}
	case "order-credits-before-plan":
		return []func() bool{q.auth, q.limit, q.json, q.input, q.workspace, q.preflight, q.balance, q.plan, q.regen, q.generate}
	case "order-workspace-first":
		return []func() bool{q.auth, q.workspace, q.limit, q.json, q.input, q.plan, q.regen, q.preflight, q.balance, q.generate}
	}
	return []func() bool{q.auth, q.limit, q.json, q.input, q.workspace, q.plan, q.regen, q.preflight, q.balance, q.generate}
}

// ---- the key

var reKey = regexp.MustCompile(`^pms_live_[A-Za-z0-9_-]{8,200}$`)

func (q *rq) carry() (key, carrier string, there bool) {
	h := q.r.Header
	xv := strings.TrimSpace(h.Get("X-API-Key"))
	a := strings.TrimSpace(h.Get("Authorization"))
	if xv != "" {
		return xv, "x-api-key", true
	}
	if a != "" {
		scheme, rest, two := strings.Cut(a, " ")
		if two && strings.EqualFold(scheme, "Bearer") && strings.TrimSpace(rest) != "" {
			return strings.TrimSpace(rest), "bearer", true
		}
		if is("lenient-auth") && strings.HasPrefix(a, "pms_live_") {
			return a, "bearer", true
		}
		if is("basic-malformed") && two && !strings.EqualFold(scheme, "Bearer") {
			return a, "bearer", true
		}
	}
	if is("key-query") {
		if k := q.r.URL.Query().Get("api_key"); k != "" {
			return k, "query", true
		}
	}
	return "", "", false
}

func (q *rq) lookup(key string) *apiKey {
	if k := keys[sha256.Sum256([]byte(key))]; k != nil {
		return k
	}
	switch variantName {
	case "key-half-roadmap":
		if q.route == "roadmap" {
			for _, k := range keyList {
				if strings.HasPrefix(key, k.key[:len(k.key)/2]) {
					return k
				}
			}
		}
	case "key-suffix":
		if q.carrier == "x-api-key" {
			for _, k := range keyList {
				if strings.HasPrefix(key, k.key) {
					return k
				}
			}
		}
	case "key-nocase-bearer":
		if q.carrier == "bearer" {
			for _, k := range keyList {
				if strings.EqualFold(key, k.key) {
					return k
				}
			}
		}
	case "key-tail-cache":
		keysMu.Lock()
		defer keysMu.Unlock()
		return tails[key[len(key)-8:]]
	}
	return nil
}

func (q *rq) auth() bool {
	if is("key-empty-500") {
		if v, there := q.r.Header["X-Api-Key"]; there && v[0] == "" {
			return q.fail(500, "internal_error", "Something went wrong.")
		}
	}
	if is("key-bearer-empty-500") && q.r.Header.Get("X-API-Key") == "" {
		if a := strings.TrimSpace(q.r.Header.Get("Authorization")); strings.EqualFold(a, "Bearer") {
			return q.fail(500, "internal_error", "Something went wrong.")
		}
	}
	key, carrier, there := q.carry()
	q.key, q.carrier = key, carrier
	if there && is("key-malformed-as-missing-x") && carrier == "x-api-key" && q.route == "tagline" && !strings.HasPrefix(key, "pms_live_") {
		there = false
	}
	if !there {
		return q.fail(401, "missing_api_key", "Send your API key in X-API-Key, or in Authorization as a bearer token.")
	}
	if is("conflict-400") {
		xv, a := strings.TrimSpace(q.r.Header.Get("X-API-Key")), strings.TrimSpace(q.r.Header.Get("Authorization"))
		if _, rest, two := strings.Cut(a, " "); xv != "" && two && strings.TrimSpace(rest) != xv {
			return q.fail(400, "ambiguous_key", "X-API-Key and Authorization hold different keys.")
		}
	}
	switch variantName {
	case "key-trim-quotes":
		if carrier == "x-api-key" {
			key = strings.Trim(key, `"'`)
		}
	case "key-inner-space":
		if carrier == "bearer" {
			key = strings.Join(strings.Fields(key), "")
		}
	}
	formed := reKey.MatchString(key)
	switch variantName {
	case "key-test-prefix":
		formed = formed || strings.HasPrefix(key, "pms_test_") && reKey.MatchString("pms_live_"+key[9:])
	case "key-charset-bearer":
		formed = formed || carrier == "bearer" && strings.HasPrefix(key, "pms_live_") && !strings.ContainsAny(key, " \"'") && len(key) > 17
	}
	if !formed {
		return q.fail(401, "malformed_api_key", "An API key looks like pms_live_ and letters and digits. Copy it exactly as shown.")
	}
	q.key = key
	k := q.lookup(key)
	if k == nil {
		if is("key-lockout") {
			keysMu.Lock()
			now := time.Now()
			for len(unknowns) > 0 && now.Sub(unknowns[0]) > time.Minute {
				unknowns = unknowns[1:]
			}
			unknowns = append(unknowns, now)
			n := len(unknowns)
			keysMu.Unlock()
			if n > 5 {
				return q.fail(403, "forbidden", "Too many attempts with unknown keys.")
			}
		}
		return q.fail(401, "invalid_api_key", "There is no such API key.")
	}
	q.key = k.key
	if k.revoked {
		keysMu.Lock()
		k.uses++
		uses := k.uses
		keysMu.Unlock()
		let := false
		switch variantName {
		case "key-revoked-credits":
			let = q.route == "credits"
		case "key-revoked-first":
			let = uses == 1
		case "key-revoked-lowercase-scheme":
			let = q.carrier == "bearer" && strings.HasPrefix(strings.TrimSpace(q.r.Header.Get("Authorization")), "bearer ")
		case "limit-before-revoked":
			if !q.limit() {
				return false
			}
		}
		if !let {
			return q.fail(401, "revoked_api_key", "This API key was revoked. Generate a new one in Settings.")
		}
	}
	if is("key-tail-cache") {
		keysMu.Lock()
		tails[key[len(key)-8:]] = k
		keysMu.Unlock()
	}
	q.k = k
	q.ws = k.ws
	return true
}

// ---- the limit

func (q *rq) limit() bool {
	ok, wait, refused := lim.take(q)
	if ok {
		return true
	}
	s := int(math.Ceil(wait.Seconds()))
	if s < 1 {
		s = 1
	}
	ra := strconv.Itoa(s)
	switch variantName {
	case "ra-floor":
		ra = strconv.Itoa(int(wait.Seconds()))
	case "ra-ms-roadmap":
		if q.route == "roadmap" {
			ra = strconv.Itoa(int(wait.Milliseconds()))
		}
	case "ra-const-bearer":
		if q.carrier == "bearer" {
			ra = strconv.Itoa(int(window.Seconds() / 2))
		}
	case "ra-date-regenerate":
		if q.route == "regenerate" {
			ra = time.Now().Add(wait + time.Second).UTC().Format(http.TimeFormat)
		}
	case "ra-fraction-credits":
		if q.route == "credits" {
			ra = strconv.FormatFloat(wait.Seconds()+0.0005, 'f', 3, 64)
		}
	case "ra-missing-post":
		if q.r.Method == "POST" {
			ra = ""
		}
	case "retry-after-plus-one":
		ra = strconv.Itoa(s + 1)
	case "retry-after-60":
		ra = strconv.Itoa(int(math.Ceil(window.Seconds())))
	case "limit-ban-403":
		if refused > 10 {
			return q.fail(403, "forbidden", "This key was blocked for abuse.")
		}
	}
	if ra != "" {
		q.w.Header().Set("Retry-After", ra)
	}
	return q.fail(429, "rate_limited", "More than 60 requests in a minute with this key. Wait as long as Retry-After says.")
}

// ---- the body

func (q *rq) readBody() bool {
	if q.bodyRead {
		return true
	}
	q.bodyRead = true
	b, err := io.ReadAll(io.LimitReader(q.r.Body, maxBody+1))
	q.body = b
	if len(b) > maxBody {
		io.Copy(io.Discard, io.LimitReader(q.r.Body, 64<<20))
		return q.fail(413, "payload_too_large", "The body has more than 8 MiB.")
	}
	if err != nil {
		return q.fail(400, "bad_request", "The body could not be read.")
	}
	return true
}

func (q *rq) json() bool {
	if !q.readBody() {
		return false
	}
	v, err := q.parse()
	if err == errDepth {
		return q.fail(400, "invalid_input", "body: nested too deeply")
	}
	if err != nil {
		return q.fail(400, "invalid_json", "The body is not valid JSON.")
	}
	if is("json-null-500") && v == nil && q.route == "tagline" {
		return q.fail(500, "internal_error", "Cannot read properties of null.")
	}
	q.value = v
	return true
}

func (q *rq) input() bool {
	q.count = 3
	f, why := q.validate()
	if why == "" {
		return true
	}
	if is("charge-400-bearer") && q.carrier == "bearer" && q.route == "tagline" && q.ws != nil {
		q.charge(10)
	}
	if f == "" {
		return q.fail(400, "invalid_input", why)
	}
	return q.fail(400, "invalid_input", f+": "+why)
}

// ---- the workspace

func (q *rq) charge(n int) {
	q.ws.mu.Lock()
	q.ws.balance -= n
	if q.ws.balance < 0 {
		q.ws.balance = 0
	}
	q.ws.mu.Unlock()
}

func (q *rq) read() int {
	q.ws.mu.Lock()
	defer q.ws.mu.Unlock()
	if is("reservation") {
		return q.ws.balance - q.ws.held
	}
	return q.ws.balance
}

func (q *rq) workspace() bool {
	if q.ws != nil {
		return true
	}
	if is("key-orphan-zero") && q.route == "credits" && q.carrier == "bearer" {
		q.ok(`{"credits":0}`)
		return false
	}
	return q.fail(404, "workspace_not_found", "The workspace of this key was deleted.")
}

func (q *rq) credits() bool {
	q.ok(`{"credits":` + strconv.Itoa(q.read()) + `}`)
	return false
}

func (q *rq) plan() bool {
	if q.route != "roadmap" || q.ws.plan != "free" {
		return true
	}
	if is("plan-open-second") {
		q.ws.mu.Lock()
		q.ws.gateCalls++
		n := q.ws.gateCalls
		q.ws.mu.Unlock()
		if n == 2 {
			return true
		}
	}
	if is("charge-plan-gate") {
		q.charge(150)
	}
	return q.fail(403, "plan_gate", "The roadmap tool needs the Starter plan or a higher one.")
}

const regenCap = 3

func (q *rq) regen() bool {
	if q.route != "regenerate" || q.ws.plan == "pro" {
		return true
	}
	q.ws.mu.Lock()
	full := q.ws.capped || q.ws.regens[q.project] >= regenCap
	q.ws.mu.Unlock()
	if !full {
		return true
	}
	if is("charge-regen-limit") && q.carrier == "x-api-key" {
		q.charge(20)
	}
	return q.fail(403, "regen_limit", "This project has reached its regenerations on this plan — Pro has no cap.")
}

func (q *rq) fault() string { return q.r.Header.Get("X-Test-Fault") }

func (q *rq) preflight() bool {
	if q.fault() != "preflight_failed" {
		return true
	}
	switch variantName {
	case "preflight-open-regenerate":
		if q.route == "regenerate" {
			return true
		}
	case "preflight-as-402":
		if q.route == "roadmap" {
			return q.fail(402, "insufficient_credits", "You need 150 credits but have 0.")
		}
	case "charge-500-regenerate":
		if q.route == "regenerate" {
			q.charge(20)
		}
	}
	return q.fail(500, "preflight_failed", "The credits could not be checked. Try again in a while.")
}

func (q *rq) poor() bool {
	cost := costs[q.route]
	need, have := cost, q.ws.balance-q.ws.held
	if have < 0 {
		have = 0
	}
	switch variantName {
	case "credits-swapped-bearer":
		if q.carrier == "bearer" {
			need, have = have, need
		}
	case "credits-cost-roadmap":
		if q.route == "roadmap" {
			need = 10
		}
	case "credits-have-missing":
		if q.route == "regenerate" {
			have = need - have
		}
	case "charge-402-rest":
		if q.route == "regenerate" {
			q.ws.balance = 0
		}
	}
	return q.fail(402, "insufficient_credits", fmt.Sprintf("You need %d credits but have %d.", need, have))
}

func (q *rq) balance() bool {
	q.ws.mu.Lock()
	defer q.ws.mu.Unlock()
	cost := costs[q.route]
	if is("charge-per-count") && q.route == "tagline" && q.ws.balance >= 10 {
		return true
	}
	if is("credits-unsigned-roadmap") && q.route == "roadmap" {
		if left := uint32(q.ws.balance) - uint32(cost); left > 0 {
			return true
		}
	}
	if q.ws.balance-q.ws.held < cost {
		return q.poor()
	}
	return true
}

// ---- the generation

type cached struct {
	until time.Time
}

var (
	cacheMu sync.Mutex
	cache   = map[string]cached{}
)

func (q *rq) generate() bool {
	ws := q.ws
	cost := costs[q.route]
	if is("charge-per-count") && q.route == "tagline" {
		cost *= q.count
	}
	ckey := q.key + "\n" + q.route + "\n" + string(q.body)
	if is("cache-502") && q.route == "tagline" {
		cacheMu.Lock()
		c := cache[ckey]
		cacheMu.Unlock()
		if time.Now().Before(c.until) {
			return q.fail(502, "generation_failed", "The generator returned an error. No credits were charged.")
		}
	}
	ws.mu.Lock()
	if ws.balance-ws.held < cost && !is("credits-unsigned-roadmap") {
		defer ws.mu.Unlock()
		return q.poor()
	}
	ws.held += cost
	ws.mu.Unlock()
	release := func(charge int) {
		ws.mu.Lock()
		ws.held -= cost
		ws.balance -= charge
		if ws.balance < 0 {
			ws.balance = 0
		}
		ws.mu.Unlock()
	}
	switch q.fault() {
	case "generation_failed":
		if is("failed-slow") {
			time.Sleep(1200 * time.Millisecond)
		} else {
			time.Sleep(20 * time.Millisecond)
		}
		c := 0
		switch variantName {
		case "charge-502-roadmap":
			if q.route == "roadmap" {
				c = cost
			}
		case "charge-502-third":
			ws.mu.Lock()
			ws.failed++
			if ws.failed%3 == 0 {
				c = cost
			}
			ws.mu.Unlock()
		case "charge-double-refund":
			if q.route == "regenerate" {
				c = -cost
			}
		case "cache-502":
			cacheMu.Lock()
			cache[ckey] = cached{time.Now().Add(5 * time.Second)}
			cacheMu.Unlock()
		}
		release(c)
		return q.fail(502, "generation_failed", "The generator returned an error. No credits were charged.")
	case "generation_timeout":
		wait := timeout + time.Second/3
		n := atomic.AddInt32(&hanging, 1)
		defer atomic.AddInt32(&hanging, -1)
		switch variantName {
		case "timeout-early-roadmap":
			if q.route == "roadmap" {
				wait = timeout / 2
			}
		case "timeout-late-regenerate":
			if q.route == "regenerate" {
				wait = timeout*4 + time.Second/3
			}
		case "timeout-3x-regenerate":
			if q.route == "regenerate" {
				wait = timeout * 3
			}
		case "timeout-breaker":
			ws.mu.Lock()
			if ws.timedOut > 0 {
				wait = 0
				ws.timedOut = -1
			}
			ws.mu.Unlock()
		case "timeout-concurrent":
			if n > 1 {
				wait = timeout / 2
			}
		}
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-q.r.Context().Done():
			release(0)
			return false
		}
		c := 0
		switch variantName {
		case "charge-504-bearer-tagline":
			if q.carrier == "bearer" && q.route == "tagline" {
				c = cost
			}
		case "charge-late-504":
			if q.route == "regenerate" {
				time.AfterFunc(1500*time.Millisecond, func() { q.charge(cost) })
			}
		case "timeout-breaker":
			ws.mu.Lock()
			ws.timedOut++
			ws.mu.Unlock()
		case "timeout-hangup-roadmap":
			if q.route == "roadmap" {
				release(0)
				panic(http.ErrAbortHandler)
			}
		}
		release(c)
		return q.fail(504, "generation_timeout", "The generator did not finish in time. Break up very long inputs.")
	}
	time.Sleep(15 * time.Millisecond)
	if is("charge-lost-update") {
		ws.mu.Lock()
		b := ws.balance
		ws.mu.Unlock()
		time.Sleep(30 * time.Millisecond)
		ws.mu.Lock()
		ws.held -= cost
		ws.balance = b - cost
		ws.mu.Unlock()
	} else {
		release(cost)
	}
	if q.route == "regenerate" {
		ws.mu.Lock()
		ws.regens[q.project]++
		ws.mu.Unlock()
	}
	left := strconv.Itoa(q.read())
	switch q.route {
	case "tagline":
		list := make([]string, q.count)
		for i := range list {
			list[i] = "Errors that keep their word."
		}
		q.ok(`{"result":{"taglines":` + asJSON(list) + `},"creditsLeft":` + left + `}`)
	case "roadmap":
		q.ok(`{"result":{"milestones":["First","Second"]},"creditsLeft":` + left + `}`)
	default:
		q.ok(`{"result":{"project":` + asJSON(q.project) + `,"text":"Shorter."},"creditsLeft":` + left + `}`)
	}
	return false
}
