<?php
// The error page kept by php -S, in variants that differ where the page is silent. Its workers share their state in files.

const DOCS = 'https://www.planmysaas.com/docs/api/errors';
const LIMIT = 60;
const VARIANTS = [
    // PHP's own ways: no length, the connection's end ends the body, slashes escaped, wrong bytes refused.
    'plain' => [
        'limiter' => 'fixed', 'drained' => 4, 'credits' => 'You need %1$d credits but have %2$d.',
    ],
    // Wrong bytes may be replaced and a BOM be skipped, gzip needs no Accept-Encoding (RFC 9110 12.5.3), no language is
    // promised, and a second more than needed is an honest wait.
    'italian' => [
        'limiter' => 'log', 'lenient' => true, 'gzip' => true, 'drained' => 0, 'plus' => 1, 'field' => 'Campo "%s"',
        'credits' => 'Costo: %1$d crediti. Saldo: nessuno.', 'message' => "Errore\u{a0}\u{2013} %s.", 'media' => 'application/problem+json',
    ],
    // The body may be looked at before the key, the shape be the exact one, an answer take its time; a token a second is
    // 60 a minute; a workspace may owe credits; a header more does no harm.
    'body-first' => [
        'limiter' => 'bucket', 'strict' => true, 'delay' => 60, 'drained' => -12, 'field' => '/%s', 'all' => true, 'pretty' => true,
        'credits' => '%2$d of %1$d credits', 'order' => 'json input auth rate workspace preflight credits plan regen', 'bearer' => true,
        'media' => 'application/json; charset=utf-8', 'headers' => ['Cache-Control: no-store', 'X-Content-Type-Options: nosniff', 'Vary: *'],
    ],
    // Credits are held while a tool works for up to 140 s, so that even a call that has to wait for another one's worker
    // is answered within five minutes; whoever goes past the limit is out for longer than the minute; a 5xx may say how
    // long to wait; an empty key may be a malformed one.
    'hold' => [
        'limiter' => 'penalty', 'hold' => true, 'timeout' => 140, 'drained' => 9, 'empty' => 'malformed_api_key', 'details' => true,
        'credits' => 'Need %1$s / have %2$s', 'field' => '$["%s"]', 'headers' => ['WWW-Authenticate: Bearer', 'Set-Cookie: seen=1; HttpOnly'],
        'order' => 'auth workspace rate plan regen credits json input preflight', 'retry' => '2', 'message' => 'Sorry: %s',
    ],
];
const STATUS = [
    'invalid_json' => 400, 'invalid_input' => 400, 'insufficient_credits' => 402, 'plan_gate' => 403, 'regen_limit' => 403,
    'workspace_not_found' => 404, 'not_found' => 404, 'method_not_allowed' => 405, 'rate_limited' => 429, 'preflight_failed' => 500,
    'generation_failed' => 502, 'generation_timeout' => 504,
];
const TOOLS = ['/api/v1/tools/tagline' => ['tagline', 10], '/api/v1/tools/roadmap' => ['roadmap', 150]];
const NEEDED = ['tagline' => ['product', 'description', 'tone'], 'roadmap' => ['product', 'description'], 'regenerate' => ['instructions']];

class Refusal extends Exception
{
    public function __construct(public string $errorCode, public ?string $text = null, public ?float $wait = null)
    {
        parent::__construct($errorCode);
    }
}

/** Gives a key's state to a function that may change it, one worker at a time. */
function locked(string $what, string $key, array $first, callable $change): mixed
{
    $file = fopen(getenv('CONFORMANT_STATE') . "/$what-" . hash('sha256', $key), 'c+');
    flock($file, LOCK_EX);
    $state = json_decode(stream_get_contents($file), true) ?? $first;
    $result = $change($state);
    ftruncate($file, 0);
    rewind($file);
    fwrite($file, json_encode($state));
    fclose($file);
    return $result;
}

/** Counts a request of the key: 0 if it is admitted, or the seconds after which the key is served again. */
function wait_of(string $kind, string $key, float $window): float
{
    return locked('limit', $key, [], function (array &$use) use ($kind, $window): float {
        $now = hrtime(true) / 1e9;
        $use += ['at' => $now, 'count' => 0, 'tokens' => LIMIT, 'log' => [], 'banned' => 0];
        if ($kind === 'log') {
            $use['log'] = array_values(array_filter($use['log'], fn ($at) => $now - $at < $window));
            if (count($use['log']) >= LIMIT) {
                return $use['log'][0] + $window - $now;
            }
            $use['log'][] = $now;
            return 0;
        }
        if ($kind === 'bucket') {
            $use['tokens'] = min(LIMIT, $use['tokens'] + ($now - $use['at']) * LIMIT / $window);
            $use['at'] = $now;
            if ($use['tokens'] < 1) {
                return (1 - $use['tokens']) * $window / LIMIT;
            }
            $use['tokens'] -= 1;
            return 0;
        }
        if ($now < $use['banned']) {
            return $use['banned'] - $now;
        }
        if ($use['banned'] || $now - $use['at'] >= $window) {
            $use = ['at' => $now, 'count' => 0, 'banned' => 0] + $use;
        }
        if (++$use['count'] <= LIMIT) {
            return 0;
        }
        if ($kind === 'penalty') {
            $use['banned'] = $now + $window * 1.25;
        }
        return max($use['banned'], $use['at'] + $window) - $now;
    });
}

function accounts(array $v): array
{
    $balances = ['VALID' => 1000000, 'BURST' => 1000000, 'REVOKED' => 20, 'DRAINED' => $v['drained'], 'FREE_PLAN' => 60000,
        'REGEN_CAPPED' => 60000, 'ORPHANED' => 20];
    $accounts = [];
    foreach ($balances as $name => $credits) {
        if (getenv("ERRPROOF_KEY_$name")) {
            $accounts[getenv("ERRPROOF_KEY_$name")] = [$name, $credits];
        }
    }
    return $accounts;
}

/** Adds to a key's credits, and gives what is left. */
function balance(array $call, int $more = 0): int
{
    return locked('credits', $call['key'], ['left' => $call['first']], function (array &$state) use ($more): int {
        return $state['left'] += $more;
    });
}

function check_auth(array &$call, array $v): void
{
    $given = array_change_key_case(getallheaders());
    $bearer = preg_match('/^bearer(?:\s+(.*))?$/i', $given['authorization'] ?? '', $found) ? trim($found[1] ?? '') : null;
    $keys = [$given['x-api-key'] ?? null, $bearer];
    foreach (isset($v['bearer']) ? array_reverse($keys) : $keys as $one) {
        $key ??= $one === '' && !isset($v['empty']) ? null : $one;
    }
    if (($key ?? '') === '') {
        throw new Refusal(isset($key) ? $v['empty'] : 'missing_api_key');
    }
    $accounts = accounts($v);
    $exact = preg_match('/^pms_live_[\w-]+$/D', $key) && in_array(strlen($key), array_map('strlen', array_keys($accounts)));
    if (isset($v['strict']) ? !$exact : !preg_match('/^pms_live_[^\s"\'`]+$/D', $key)) {
        throw new Refusal('malformed_api_key');
    }
    if (!isset($accounts[$key])) {
        throw new Refusal('invalid_api_key');
    }
    [$call['name'], $call['first']] = $accounts[$key];
    $call['key'] = $key;
    if ($call['name'] === 'REVOKED') {
        throw new Refusal('revoked_api_key');
    }
}

function check_rate(array &$call, array $v): void
{
    $wait = wait_of($v['limiter'], $call['key'], $v['window']);
    if ($wait > 0) {
        throw new Refusal('rate_limited', null, $wait);
    }
}

function check_json(array &$call, array $v): void
{
    $raw = file_get_contents('php://input');
    if (isset($v['lenient']) && str_starts_with($raw, "\u{feff}")) {
        $raw = substr($raw, 3);
    }
    try {
        $call['body'] = json_decode($raw, true, 4096, JSON_THROW_ON_ERROR | (isset($v['lenient']) ? JSON_INVALID_UTF8_SUBSTITUTE : 0));
    } catch (JsonException) {
        throw new Refusal('invalid_json');
    }
    $call['object'] = str_starts_with(ltrim($raw, " \t\r\n"), '{');
}

function check_input(array &$call, array $v): void
{
    $body = $call['object'] ? $call['body'] : [];
    $ranges = $call['tool'] === 'tagline' ? ['product' => [3, 80], 'description' => [20, 2000]] : [];
    $wrong = array_filter(NEEDED[$call['tool']], function ($name) use ($body, $ranges, $call) {
        [$low, $high] = $ranges[$name] ?? [1, 5000];
        $length = is_string($body[$name] ?? null) ? preg_match_all('/./su', $body[$name]) : 0;
        return $length < $low || $length > $high || $name === 'tone' && !in_array($body[$name], ['plain', 'playful', 'bold', 'formal'], true);
    });
    $count = array_key_exists('count', $body) ? $body['count'] : 3;
    if ($call['tool'] === 'tagline' && !((is_int($count) || is_float($count)) && $count >= 1 && $count <= 10 && floor($count) == $count)) {
        $wrong[] = 'count';
    }
    $texts = array_map(fn ($name) => sprintf($v['field'] ?? '%s', $name) . ': ' . (array_key_exists($name, $body) ? 'invalid' : 'required'), $wrong);
    if ($texts) {
        throw new Refusal('invalid_input', isset($v['all']) ? implode('; ', $texts) : reset($texts));
    }
}

function check_workspace(array &$call): void
{
    $call['name'] !== 'ORPHANED' || throw new Refusal('workspace_not_found');
}

function check_plan(array &$call): void
{
    $call['name'] !== 'FREE_PLAN' || $call['tool'] !== 'roadmap' || throw new Refusal('plan_gate');
}

function check_regen(array &$call): void
{
    $call['name'] !== 'REGEN_CAPPED' || $call['tool'] !== 'regenerate' || throw new Refusal('regen_limit');
}

function check_preflight(array &$call): void
{
    $call['fault'] !== 'preflight_failed' || throw new Refusal('preflight_failed');
}

function check_credits(array &$call, array $v): void
{
    $left = balance($call);
    $left >= $call['cost'] || throw new Refusal('insufficient_credits', sprintf($v['credits'], $call['cost'], $left));
}

function answer(array $v): array
{
    $path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
    [$tool, $cost] = TOOLS[$path] ?? (preg_match('~^/api/v1/projects/[^/]+/regenerate$~D', (string) $path) ? ['regenerate', 20] : ['', 0]);
    if (!$tool && $path !== '/api/v1/credits') {
        throw new Refusal('not_found');
    }
    if ($_SERVER['REQUEST_METHOD'] !== ($tool ? 'POST' : 'GET')) {
        throw new Refusal('method_not_allowed');
    }
    $call = ['tool' => $tool, 'cost' => $cost, 'fault' => $_SERVER['HTTP_X_TEST_FAULT'] ?? ''];
    foreach (explode(' ', $v['order']) as $step) {
        if ($tool || in_array($step, ['auth', 'rate', 'workspace'])) {
            ("check_$step")($call, $v);
        }
    }
    if (!$tool) {
        return ['credits' => balance($call)];
    }
    $held = isset($v['hold']) ? $cost : 0;
    balance($call, -$held);
    if (in_array($call['fault'], ['generation_failed', 'generation_timeout'])) {
        if ($call['fault'] === 'generation_timeout') {
            usleep((int) ($v['give_up'] * 1e6));
        }
        balance($call, $held);
        throw new Refusal($call['fault']);
    }
    return ['result' => ['Errors that keep their word.'], 'creditsLeft' => balance($call, $held - $cost)];
}

$v = VARIANTS[getenv('CONFORMANT_VARIANT')] + ['order' => 'auth rate json input workspace plan regen preflight credits'];
$v['window'] = (float) (getenv('WINDOW_SECONDS') ?: 60);
$v['give_up'] = (float) (getenv('TIMEOUT_SECONDS') ?: $v['timeout'] ?? 90);
ignore_user_abort(true);
usleep(1000 * random_int(0, $v['delay'] ?? 0));
header('Content-Type: application/json');
try {
    $body = answer($v);
} catch (Refusal $refusal) {
    $status = STATUS[$refusal->errorCode] ?? 401;
    $message = $refusal->text ?? sprintf($v['message'] ?? 'The request was refused: %s.', strtr($refusal->errorCode, '_', ' '));
    $error = ['code' => $refusal->errorCode, 'message' => $message, 'docs' => DOCS, 'requestId' => uniqid('', true) . bin2hex(random_bytes(3))];
    $body = ['error' => isset($v['details']) ? $error + ['status' => $status, 'details' => new stdClass()] : $error];
    foreach ($v['headers'] ?? [] as $line) {
        if ($status === 401 || !str_starts_with($line, 'WWW-')) {
            header($line);
        }
    }
    if ($refusal->wait !== null) {
        header('Retry-After: ' . (max(1, (int) ceil($refusal->wait)) + ($v['plus'] ?? 0)));
    } elseif (isset($v['retry']) && $status >= 500) {
        header("Retry-After: {$v['retry']}");
    }
    header('Content-Type: ' . ($v['media'] ?? 'application/json'));
    http_response_code($status);
}
$text = json_encode($body, isset($v['pretty']) ? JSON_PRETTY_PRINT | JSON_UNESCAPED_UNICODE : 0);
$wanted = $_SERVER['HTTP_ACCEPT_ENCODING'] ?? 'gzip';
if (isset($v['gzip']) && preg_match('/\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i', $wanted)) {
    header('Content-Encoding: gzip');
    header('Vary: Accept-Encoding');
    $text = gzencode($text);
}
echo $text;
