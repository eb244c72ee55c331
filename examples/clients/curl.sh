#!/bin/sh
# One generation call by curl, retried as the error page says. Exit 0 if it succeeded in the end.
# curl's own --retry will not do: it waits 1 s, 2 s, 4 s, but retries a 500 and a 429 alike, and on a
# 502 one cannot tell it when to stop without telling it the same for the rest.
set -eu

body='{"product":"errproof","description":"Proves that an API keeps its word on errors.","tone":"plain"}'
answer=$(mktemp -d)
trap 'rm -rf "$answer"' EXIT

# The value of a field of the envelope: enough for flat texts, and needs no jq.
field() {
  sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" "$answer/body"
}

call() {
  # The key goes in by a file that curl reads, so that it is in no list of processes.
  printf 'header = "X-API-Key: %s"\n' "$ERRPROOF_API_KEY" |
    curl --silent --show-error --config - --max-time 330 \
      --header 'Content-Type: application/json' --data "$body" \
      --dump-header "$answer/head" --output "$answer/body" --write-out '%{http_code}' \
      "$ERRPROOF_BASE_URL/api/v1/tools/tagline"
}

for step in 1 2 4 stop; do
  status=$(call)
  case $status in
    2??) cat "$answer/body"; exit 0 ;;
    429) wait=$(sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9]*\).*/\1/p' "$answer/head") ;;
    500 | 502 | 504) wait=$step ;;
    *) break ;;
  esac
  [ "$step" = stop ] && break
  sleep "${wait:-$step}"
done

echo "$status $(field code): $(field message) (requestId $(field requestId))" >&2
exit 1
