package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strconv"
)

// net/http answers some requests itself, in text: a request that is no HTTP, headers that are too long, an
// unknown transfer encoding, an Expect that it does not know. Those are errors too, so they get an envelope.
type rawListener struct{ net.Listener }

func (l rawListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return c, err
	}
	return &rawConn{Conn: c}, nil
}

type rawConn struct{ net.Conn }

var rawText = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

func (c *rawConn) Write(b []byte) (int, error) {
	if len(b) < 600 && bytes.HasPrefix(b, []byte("HTTP/1.1 ")) && len(b) > 12 &&
		(bytes.Contains(b, rawText) || bytes.HasPrefix(b, []byte("HTTP/1.1 417 "))) {
		status, _ := strconv.Atoi(string(b[9:12]))
		if (status == 431 && is("env-431-text")) || (status == 400 && is("env-400-text")) {
			return c.Conn.Write(b)
		}
		q := &rq{id: randomID()}
		body := q.envelope(status, "bad_request", message("bad_request", "The request is not HTTP that this server takes: "+http.StatusText(status)+"."))
		if _, err := fmt.Fprintf(c.Conn, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, http.StatusText(status), len(body), body); err != nil {
			return 0, err
		}
		return len(b), nil
	}
	return c.Conn.Write(b)
}
