// One generation call by Node's fetch, retried as the error page says. Exit 0 if it succeeded in
// the end.
import { setTimeout as sleep } from "node:timers/promises";

const { ERRPROOF_BASE_URL: base, ERRPROOF_API_KEY: key } = process.env;
const request = {
  method: "POST",
  headers: { "X-API-Key": key, "Content-Type": "application/json" },
  body: JSON.stringify({
    product: "errproof",
    description: "Proves that an API keeps its word on errors.",
    tone: "plain",
  }),
};

/** Seconds until the next attempt, or undefined if there is none. */
function wait(answer, attempt) {
  const step = [1, 2, 4][attempt];
  if (step === undefined) return undefined;
  if (answer.status === 429) return Number(answer.headers.get("Retry-After") ?? step);
  return [500, 502, 504].includes(answer.status) ? step : undefined;
}

for (let attempt = 0; ; attempt++) {
  const answer = await fetch(`${base}/api/v1/tools/tagline`, request);
  const body = await answer.json();
  if (answer.ok) {
    console.log(body);
    break;
  }
  const seconds = wait(answer, attempt);
  if (seconds === undefined) {
    const { code, message, requestId } = body.error;
    console.error(`${answer.status} ${code}: ${message} (requestId ${requestId})`);
    process.exitCode = 1;
    break;
  }
  await sleep(seconds * 1000);
}
