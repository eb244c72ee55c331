"""Answers every POST by what Python's json makes of its body. Prints its port."""
import http.server
import json
import secrets


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply(200, {"credits": 0})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        code, message = "invalid_input", "The field product is missing."
        try:
            json.loads(body)
        except (ValueError, RecursionError):
            code, message = "invalid_json", "The body cannot be read."
        docs = "https://www.planmysaas.com/docs/api/errors"
        error = {"code": code, "message": message, "docs": docs, "requestId": secrets.token_hex(8)}
        self.reply(400, {"error": error})

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
