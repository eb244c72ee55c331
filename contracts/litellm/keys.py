"""LiteLLM's documented hook for keys (general_settings.custom_auth): keys with limits, which take a database otherwise.

All others go on to LiteLLM's own check. What a key may is what a row of the database would say of it.
"""
import os
from datetime import datetime, timedelta, timezone

from fastapi import Request
from litellm.proxy._types import LiteLLM_UserTable, UserAPIKeyAuth, hash_token

LIMITS = {
    "VALID": {},
    "NARROW": {"models": ["echo"]},
    "USER": {"user_id": "sample-user"},
    "TOOLS": {"metadata": {"allowed_tools": ["look_up"]}},
    "REQUESTS": {"rpm_limit": 3},
    "TOKENS": {"tpm_limit": 40},
    "PARALLEL": {"max_parallel_requests": 1},
    "BUDGET": {"model_max_budget": {"echo": {"budget_limit": 0.00001, "time_period": "1d"}}},
    "EXPIRED": {"expires": datetime.now(timezone.utc) - timedelta(days=1)},
}


async def user_api_key_auth(request: Request, api_key: str) -> UserAPIKeyAuth:
    key = api_key.removeprefix("Bearer ")
    for name, limits in LIMITS.items():
        if key == os.environ[f"LITELLM_KEY_{name}"]:
            if name == "USER":
                from litellm.proxy.proxy_server import user_api_key_cache

                row = LiteLLM_UserTable(user_id="sample-user", user_email="user@example.com", models=["echo"], max_budget=None)
                await user_api_key_cache.async_set_cache(key="sample-user", value=row, model_type=LiteLLM_UserTable)
            return UserAPIKeyAuth(api_key=key, token=hash_token(key), key_alias=name.lower(), **limits)
    raise ValueError("not one of these")
