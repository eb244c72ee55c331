"""One generation call by requests, retried by urllib3 as the error page says.

Exit 0 if it succeeded in the end. Needs `pip install requests`.
"""

import os
import sys

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry


class Page(Retry):
    """urllib3 sends its first retry at once, whatever the factor: the page wants 1 s before it."""

    def get_backoff_time(self):
        return 2.0 ** (len(self.history) - 1) if self.history else 0.0


RETRY = Page(
    total=3,
    status_forcelist=[429, 500, 502, 504],
    allowed_methods=["POST"],
    respect_retry_after_header=True,
    raise_on_status=False,
)

session = requests.Session()
session.mount(os.environ["ERRPROOF_BASE_URL"], HTTPAdapter(max_retries=RETRY))
answer = session.post(
    os.environ["ERRPROOF_BASE_URL"] + "/api/v1/tools/tagline",
    headers={"X-API-Key": os.environ["ERRPROOF_API_KEY"]},
    json={
        "product": "errproof",
        "description": "Proves that an API keeps its word on errors.",
        "tone": "plain",
    },
    timeout=330,
)
if not answer.ok:
    error = answer.json()["error"]
    sys.exit(f"{answer.status_code} {error['code']}: {error['message']} (requestId {error['requestId']})")
print(answer.json())
