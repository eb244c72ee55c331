package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

var (
	variantName = "plain"
	limitN      = 60
	window      = 60 * time.Second
	timeout     = 90 * time.Second
)

func is(n string) bool { return variantName == n }

func envFloat(name string, d float64) float64 {
	if s := os.Getenv(name); s != "" {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || f <= 0 {
			fmt.Fprintln(os.Stderr, name+" is no number:", s)
			os.Exit(2)
		}
		return f
	}
	return d
}

type connKey struct{}
type connInfo struct {
	n  uint64
	id string
}

func main() {
	args := []string{}
	port := os.Getenv("PORT")
	for i := 1; i < len(os.Args); i++ {
		if os.Args[i] == "--port" && i+1 < len(os.Args) {
			i++
			port = os.Args[i]
			continue
		}
		args = append(args, os.Args[i])
	}
	if len(args) == 1 && args[0] == "--variants" {
		for _, v := range variants {
			fmt.Printf("%s\t%s\t%s\n", v.name, v.kind, v.what)
		}
		return
	}
	if len(args) > 1 {
		fmt.Fprintln(os.Stderr, "usage: server [--variants | NAME] [--port N]     (PORT, TIMEOUT_SECONDS, ERRPROOF_KEY_*; for tests of the server alone: WINDOW_SECONDS, LIMIT_REQUESTS)")
		os.Exit(2)
	}
	if len(args) == 1 {
		variantName = args[0]
	}
	known := false
	for _, v := range variants {
		known = known || v.name == variantName
	}
	if !known {
		fmt.Fprintln(os.Stderr, "no such variant:", variantName)
		os.Exit(2)
	}
	timeout = time.Duration(envFloat("TIMEOUT_SECONDS", 90) * float64(time.Second))
	window = time.Duration(envFloat("WINDOW_SECONDS", 60) * float64(time.Second))
	limitN = int(envFloat("LIMIT_REQUESTS", 60))
	loadKeys()

	if port == "" {
		port = "0"
	}
	ln, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("listening on http://127.0.0.1:%d\n", ln.Addr().(*net.TCPAddr).Port)
	var conns uint64
	srv := &http.Server{
		Handler:        http.HandlerFunc(handle),
		ErrorLog:       log.New(io.Discard, "", 0),
		MaxHeaderBytes: 64 << 10,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, &connInfo{n: atomic.AddUint64(&conns, 1), id: randomID()})
		},
	}
	if is("no-keepalive") {
		srv.SetKeepAlivesEnabled(false)
	}
	fmt.Fprintln(os.Stderr, srv.Serve(rawListener{ln}))
	os.Exit(1)
}
