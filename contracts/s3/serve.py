"""Serves OpenStack Swift (proxy with s3api and tempauth, account, container, object) from one process on loopback.

serve.py DIR: everything is kept in DIR. Keys: S3_ACCESS_KEY (ACCOUNT:USER), S3_SECRET_KEY, S3_OTHER_ACCESS_KEY, S3_OTHER_SECRET_KEY.
"""
import eventlet
eventlet.monkey_patch()
import array, os, sys
from eventlet import wsgi

root = sys.argv[1]
conf = os.path.join(root, "conf")
devices = os.path.join(root, "devices")
os.makedirs(conf)
os.makedirs(os.path.join(devices, "sda1"))

from swift.common import utils, storage_policy
utils.SWIFT_CONF_FILE = storage_policy.SWIFT_CONF_FILE = os.path.join(conf, "swift.conf")
with open(utils.SWIFT_CONF_FILE, "w") as f:
    f.write("[swift-hash]\nswift_hash_path_suffix = suffix\nswift_hash_path_prefix = prefix\n[storage-policy:0]\nname = only\ndefault = yes\n")
utils.HASH_PATH_PREFIX = utils.HASH_PATH_SUFFIX = b""
utils.validate_hash_conf()
storage_policy.reload_storage_policies()

from swift.common.ring import RingData
from swift.common.wsgi import loadapp, ConfigString
from swift.common.http_protocol import SwiftHttpProtocol

socks = {}
for name in ("account", "container", "object", "proxy"):
    socks[name] = eventlet.listen(("127.0.0.1", 0))
    port = socks[name].getsockname()[1]
    if name != "proxy":
        dev = {"id": 0, "zone": 0, "region": 1, "device": "sda1", "ip": "127.0.0.1", "port": port, "weight": 1.0,
               "replication_ip": "127.0.0.1", "replication_port": port, "meta": ""}
        RingData([array.array("H", [0] * 4)], [dev], 30).save(os.path.join(conf, f"{name}.ring.gz"))

def user(key, secret, admin):
    account, name = key.split(":")
    return f"user_{account}_{name} = {secret} {'.admin' if admin else ''}".rstrip()

users = [user(os.environ["S3_ACCESS_KEY"], os.environ["S3_SECRET_KEY"], True),
         user(os.environ["S3_OTHER_ACCESS_KEY"], os.environ["S3_OTHER_SECRET_KEY"], False)]
common = f"swift_dir = {conf}\ndevices = {devices}\nmount_check = false\nlog_level = WARNING\nbind_ip = 127.0.0.1\nworkers = 0\n"
writes = os.environ.get("S3_WRITES_A_SECOND")
ratelimit = "ratelimit " if writes else ""
proxy = f"""[DEFAULT]
{common}
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth {ratelimit}copy slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = {os.environ["MEMCACHED"]}
[filter:ratelimit]
use = egg:swift#ratelimit
account_ratelimit = {writes or 0}
max_sleep_time_seconds = 0.05
rate_buffer_seconds = 0
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
min_segment_size = 5242880
dns_compliant_bucket_names = true
[filter:tempauth]
use = egg:swift#tempauth
{chr(10).join(users)}
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:symlink]
use = egg:swift#symlink
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
allow_object_versioning = true
"""

class Quiet:
    def write(self, *a): pass
    def flush(self): pass
    def info(self, *a, **k): pass
    debug = error = warning = exception = info

def start(name, text):
    path = os.path.join(conf, f"{name}-server.conf")
    with open(path, "w") as f:
        f.write(text)
    app = loadapp(path, global_conf={"log_route": name})
    return eventlet.spawn(wsgi.server, socks[name], app, Quiet(), protocol=SwiftHttpProtocol, log_output=False, max_size=64)

for name in ("account", "container", "object"):
    start(name, f"[DEFAULT]\n{common}\n[pipeline:main]\npipeline = {name}-server\n[app:{name}-server]\nuse = egg:swift#{name}\n")
main = start("proxy", proxy)
print(socks["proxy"].getsockname()[1], flush=True)
main.wait()
