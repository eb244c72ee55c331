package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var errDepth = errors.New("too deep")

func parse1(b []byte) (interface{}, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v interface{}
	if err := d.Decode(&v); err != nil {
		if strings.Contains(err.Error(), "max depth") {
			return nil, errDepth
		}
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return v, errors.New("data after the value")
	}
	return v, nil
}

var (
	reComma   = regexp.MustCompile(`,(\s*[}\]])`)
	reNaN     = regexp.MustCompile(`:\s*(-?NaN|-?Infinity)`)
	reComment = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n"]*\n`)
)

func depth(v interface{}) int {
	m := 0
	switch t := v.(type) {
	case map[string]interface{}:
		for _, x := range t {
			if d := depth(x); d > m {
				m = d
			}
		}
		return m + 1
	case []interface{}:
		for _, x := range t {
			if d := depth(x); d > m {
				m = d
			}
		}
		return m + 1
	}
	return 0
}

func anyNumber(v interface{}, f func(json.Number) bool) bool {
	switch t := v.(type) {
	case json.Number:
		return f(t)
	case map[string]interface{}:
		for _, x := range t {
			if anyNumber(x, f) {
				return true
			}
		}
	case []interface{}:
		for _, x := range t {
			if anyNumber(x, f) {
				return true
			}
		}
	}
	return false
}

func (q *rq) parse() (interface{}, error) {
	b := q.body
	if is("json-chunked") && q.r.ContentLength < 0 {
		b = nil
	}
	if is("json-size-100k") && len(b) > 100<<10 {
		return nil, errors.New("request entity too large")
	}
	if is("json-empty-roadmap") && q.route == "roadmap" && len(bytes.TrimSpace(b)) == 0 {
		return map[string]interface{}{}, nil
	}
	if is("bom-tolerant") {
		b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	}
	if !utf8.Valid(b) && !(is("json-utf8-roadmap") && q.route == "roadmap") {
		return nil, errors.New("not UTF-8")
	}
	v, err := parse1(b)
	if err == nil {
		if is("json-depth") && depth(v) > 20 {
			return nil, errors.New("nesting")
		}
		if is("json-1e400") && anyNumber(v, func(n json.Number) bool { _, e := n.Float64(); return e != nil }) {
			return nil, errors.New("number")
		}
		return v, nil
	}
	if err == errDepth {
		return nil, err
	}
	switch {
	case is("json-tail-tagline") && q.route == "tagline" && v != nil:
		return v, nil
	case is("json-trailing-comma-regenerate") && q.route == "regenerate":
		return parse1(reComma.ReplaceAll(b, []byte("$1")))
	case is("json-nan"):
		return parse1(reNaN.ReplaceAll(b, []byte(`:1e999`)))
	case is("json-comments") && q.route == "tagline":
		return parse1(reComment.ReplaceAll(b, nil))
	case is("json-repair-bearer") && q.carrier == "bearer":
		return parse1(append(append([]byte{}, b...), '}'))
	case is("json-single-quotes") && q.route == "regenerate":
		return parse1(bytes.ReplaceAll(b, []byte("'"), []byte(`"`)))
	case is("json-control-chars") && q.carrier == "x-api-key":
		return parse1(bytes.ReplaceAll(b, []byte("\n"), []byte(" ")))
	}
	return nil, err
}

type field struct {
	name     string
	required bool
	min, max int
	enum     []string
	integer  bool
}

var inputs = map[string][]field{
	"tagline": {
		{name: "product", required: true, min: 3, max: 80},
		{name: "description", required: true, min: 20, max: 2000},
		{name: "tone", required: true, enum: []string{"plain", "playful", "bold", "formal"}},
		{name: "count", min: 1, max: 10, integer: true},
	},
	"roadmap": {
		{name: "product", required: true, min: 3, max: 80},
		{name: "description", required: true, min: 20, max: 2000},
	},
	"regenerate": {
		{name: "instructions", required: true, min: 1, max: 2000},
	},
}

func duplicate(b []byte) string {
	d := json.NewDecoder(bytes.NewReader(b))
	seen := []map[string]bool{}
	isKey := []bool{}
	for {
		t, err := d.Token()
		if err != nil {
			return ""
		}
		n := len(seen) - 1
		switch x := t.(type) {
		case json.Delim:
			switch x {
			case '{':
				if n >= 0 {
					isKey[n] = true
				}
				seen, isKey = append(seen, map[string]bool{}), append(isKey, true)
			case '[':
				if n >= 0 {
					isKey[n] = true
				}
				seen, isKey = append(seen, nil), append(isKey, false)
			default:
				seen, isKey = seen[:n], isKey[:n]
			}
			continue
		case string:
			if n >= 0 && seen[n] != nil && isKey[n] {
				if seen[n][x] {
					return x
				}
				seen[n][x] = true
				isKey[n] = false
				continue
			}
		}
		if n >= 0 && seen[n] != nil {
			isKey[n] = true
		}
	}
}

// validate gives the offending field and what is wrong, or "".
func (q *rq) validate() (string, string) {
	v := q.value
	if is("input-array-body") && q.route == "tagline" {
		if a, ok := v.([]interface{}); ok && len(a) == 1 {
			v = a[0]
		}
	}
	obj, ok := v.(map[string]interface{})
	if !ok {
		return "body", "expected an object"
	}
	fields := inputs[q.route]
	if is("strict-fields") {
		for k := range obj {
			known := false
			for _, f := range fields {
				known = known || f.name == k
			}
			if !known {
				return k, "unrecognized key"
			}
		}
	}
	if is("strict-duplicates") {
		if k := duplicate(q.body); k != "" {
			return k, "given twice"
		}
	}
	for _, f := range fields {
		x, there := obj[f.name]
		if !there {
			if f.required {
				if is("input-wrong-field") && f.name == "tone" {
					return "product", "required"
				}
				return f.name, "required"
			}
			continue
		}
		if f.integer {
			if s, isS := x.(string); isS && is("input-coerce") {
				x = json.Number(s)
			}
			n, isN := x.(json.Number)
			if !isN {
				return f.name, "expected a number"
			}
			fl, _ := strconv.ParseFloat(string(n), 64)
			if is("input-int32") && fl == math.Floor(fl) && math.Abs(fl) < 9e15 {
				fl = float64(int32(int64(fl)))
			}
			if is("input-zero") && fl == 0 {
				continue
			}
			if is("input-fraction") && fl > 0 && fl < 11 {
				fl = math.Floor(fl + 0.5)
			}
			if fl != math.Floor(fl) || math.IsNaN(fl) {
				return f.name, "expected an integer"
			}
			max := float64(f.max)
			if is("input-11") {
				max++
			}
			if fl < float64(f.min) {
				return f.name, "must be at least " + strconv.Itoa(f.min)
			}
			if fl > max {
				return f.name, "must be at most " + strconv.Itoa(f.max)
			}
			q.count = int(fl)
			continue
		}
		if x == nil && is("input-null") && f.name == "description" {
			x = "null null null null null"
		}
		if n, isN := x.(json.Number); isN && is("input-number-product") && f.name == "product" {
			x = string(n)
		}
		s, isS := x.(string)
		if !isS {
			if is("input-no-field-type") && f.name == "product" {
				return "", "Expected string, received number"
			}
			return f.name, "expected a text"
		}
		if f.enum != nil {
			if is("input-tone-case") {
				s = strings.ToLower(s)
			}
			found := false
			for _, e := range f.enum {
				found = found || e == s
			}
			if !found {
				if is("input-no-field-enum") {
					return "", "Invalid input"
				}
				return f.name, "must be one of " + strings.Join(f.enum, ", ")
			}
			continue
		}
		n := utf8.RuneCountInString(s)
		if is("utf16-lengths") {
			n = len(utf16.Encode([]rune(s)))
		}
		lo, hi := n, n
		if is("input-min-bytes") {
			lo = len(s)
		}
		if is("input-max-bytes") {
			hi = len(s)
		}
		if lo < f.min {
			return f.name, "must have at least " + strconv.Itoa(f.min) + " characters"
		}
		if hi > f.max && !(is("input-maxlength-x") && q.carrier == "x-api-key" && f.name == "product") {
			return f.name, "must have at most " + strconv.Itoa(f.max) + " characters"
		}
	}
	return "", ""
}
