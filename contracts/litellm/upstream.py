"""A provider that fails as it is asked to, in OpenAI's words: upstream.py PORT

POST /STATUS/... is answered with that status, /context/... and /policy/... with 400 and a code of their own, /slow/... after five seconds,
and /stream/... begins a stream and breaks it off with an error.
"""
import http.server
import json
import sys
import time

CODES = {
    "first": (500, None, "The primary failed."),
    "context": (400, "context_length_exceeded", "This model's maximum context length is 8 tokens. However, your messages resulted in 9 tokens."),
    "policy": (400, "content_policy_violation", "Your request was rejected as a result of our safety system."),
}
CHUNK = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hel"}}]}


class Upstream(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        what = self.path.split("/")[1]
        try:
            if what == "stream":
                return self.stream()
            if what == "slow":
                time.sleep(5)
                what = "504"
            status, code, message = CODES.get(what) or (int(what), None, f"upstream says {what}")
            body = json.dumps({"error": {"message": message, "type": "upstream_error", "param": None, "code": code}}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if status == 429:
                self.send_header("Retry-After", "7")
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass

    def stream(self):
        error = {"error": {"message": "The server had an error.", "type": "server_error", "param": None, "code": None}}
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in (CHUNK, error):
            self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        self.close_connection = True

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Upstream).serve_forever()
