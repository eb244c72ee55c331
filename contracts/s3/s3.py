"""Signs (AWS Signature V4) and sends one request, and prints it and its whole answer. Standard library alone.

s3.py BASE METHOD TARGET [-H 'Name: value']... [-d BODY] [--key K] [--secret S] [--anonymous] [--skew SECONDS] [--spoil]
      [--query SECONDS] [--sha TEXT] [--unsigned-header NAME] [--no-length] [--half-close] [--region R] [--service S]
"""
import argparse, datetime, hashlib, hmac, os, socket, sys, urllib.parse

def h(key, text): return hmac.new(key, text.encode(), hashlib.sha256).digest()

def uri(path): return urllib.parse.quote(urllib.parse.unquote(path), safe="/-_.~")

def canonical_query(query):
    pairs = [p.partition("=") for p in query.split("&") if p]
    enc = lambda t: urllib.parse.quote(urllib.parse.unquote(t), safe="-_.~")
    return "&".join(sorted(f"{enc(k)}={enc(v)}" for k, _, v in pairs))

def build(a):
    host = a.base.removeprefix("http://")
    path, _, query = a.target.partition("?")
    body = a.data.encode() if a.data is not None else b""
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=a.skew)
    date, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    scope = f"{day}/{a.region}/{a.service}/aws4_request"
    headers = {"Host": host}
    for line in a.header:
        k, _, v = line.partition(":")
        headers[k.strip()] = v.strip()
    if not a.anonymous:
        if a.query is None:
            headers["X-Amz-Date"] = date
            headers["X-Amz-Content-SHA256"] = a.sha or hashlib.sha256(body).hexdigest()
            if a.sha == "-":
                del headers["X-Amz-Content-SHA256"]
        signed = sorted(k.lower() for k in headers if k.lower() not in [u.lower() for u in a.unsigned_header])
        if a.query is not None:
            query += ("&" if query else "") + urllib.parse.urlencode({
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": f"{a.key}/{scope}", "X-Amz-Date": date,
                "X-Amz-Expires": a.query, "X-Amz-SignedHeaders": ";".join(signed)})
        low = {k.lower(): v for k, v in headers.items()}
        payload = "UNSIGNED-PAYLOAD" if a.query is not None else headers.get("X-Amz-Content-SHA256", hashlib.sha256(body).hexdigest())
        canonical = "\n".join([a.method, uri(path), canonical_query(query), "".join(f"{k}:{' '.join(low[k].split())}\n" for k in signed), ";".join(signed), payload])
        to_sign = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = h(h(h(h(("AWS4" + a.secret).encode(), day), a.region), a.service), "aws4_request")
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        if a.spoil:
            signature = signature[:-1] + ("0" if signature[-1] != "0" else "1")
        if a.query is not None:
            query += f"&X-Amz-Signature={signature}"
        else:
            headers.setdefault("Authorization", f"AWS4-HMAC-SHA256 Credential={a.key}/{scope}, SignedHeaders={';'.join(signed)}, Signature={signature}")
    if a.data is not None and not a.no_length:
        headers.setdefault("Content-Length", str(len(body)))
    head = f"{a.method} {path}{'?' + query if query else ''} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "Connection: close\r\n\r\n"
    return host, head, body

def parse(argv):
    p = argparse.ArgumentParser()
    p.add_argument("base"); p.add_argument("method"); p.add_argument("target")
    p.add_argument("-H", dest="header", action="append", default=[]); p.add_argument("-d", dest="data")
    p.add_argument("--key", default=os.environ.get("S3_ACCESS_KEY", "test:tester")); p.add_argument("--secret", default=os.environ.get("S3_SECRET_KEY", "testing"))
    p.add_argument("--anonymous", action="store_true"); p.add_argument("--skew", type=int, default=0); p.add_argument("--spoil", action="store_true")
    p.add_argument("--query", type=int); p.add_argument("--sha"); p.add_argument("--unsigned-header", action="append", default=[])
    p.add_argument("--no-length", action="store_true"); p.add_argument("--half-close", action="store_true"); p.add_argument("--region", default="us-east-1"); p.add_argument("--service", default="s3")
    return p.parse_args(argv)

def send(argv):
    a = parse(argv)
    host, head, body = build(a)
    name, port = host.rsplit(":", 1)
    s = socket.create_connection((name, int(port)), timeout=30)
    s.sendall(head.encode() + body)
    if a.half_close:
        s.shutdown(socket.SHUT_WR)
    out = b""
    try:
        while b := s.recv(65536):
            out += b
    except OSError:
        pass
    return head, body, out.decode(errors="replace")

if __name__ == "__main__":
    head, body, answer = send(sys.argv[1:])
    sys.stdout.write(answer.replace("\r\n", "\n") + "\n")
