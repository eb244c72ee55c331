# frozen_string_literal: true

# The error page kept by WEBrick, in variants that differ where the page is silent.
require "json"
require "securerandom"
require "webrick"
require "zlib"

DOCS = "https://www.planmysaas.com/docs/api/errors"
LIMIT = 60
USUAL = %i[auth rate json input workspace plan regen preflight credits].freeze

VARIANTS = {
  # WEBrick's own ways: chunks on a connection that is kept, and a POST without a length is refused with 411; the last
  # minute before now holds 60 requests; the envelope may come with the reason phrase.
  "webrick" => {
    limiter: :log, chunked: true, drained: 4, credits: "You need %<cost>d credits but have %<left>d.", details: true
  },
  # The shape may be the exact one; gzip for those who name it, or "*"; another language; a token a second is 60 a minute.
  "japanese" => {
    limiter: :bucket, strict: true, gzip: true, japanese: true, drained: 8, name: "\u300c%s\u300d", empty: "malformed_api_key",
    credits: "\u5fc5\u8981: %<cost>d\u30af\u30ec\u30b8\u30c3\u30c8\u3001\u6b8b\u9ad8: %<left>d\u30af\u30ec\u30b8\u30c3\u30c8",
    media: "application/json; charset=utf-8", id: -> { SecureRandom.alphanumeric(21) }
  },
  # Wrong bytes become replacement characters; a workspace may be in debt; whoever goes too far may be shut out for
  # longer; refused bodies may come before the limit; Bearer may win over X-API-Key.
  "debt" => {
    limiter: :penalty, lenient: true, drained: -4, bearer_first: true, name: "Input.%s", all: true, retry_all: "3",
    credits: "%<short>d credits short: %<cost>d needed, %<left>d left", media: "application/problem+json; charset=utf-8",
    order: %i[auth json input rate workspace regen plan preflight credits], id: -> { "REQ-#{SecureRandom.random_number(10**18)}" }
  },
  # The body before the key; each answer ends its connection, after a while; windows by the wall clock, with the whole
  # window as the wait; the workspace and its credits before the limit.
  "body-first" => {
    limiter: :clock, close: true, delay: 0.02..0.12, drained: 0, whole: true, name: "#/%s", policy: true,
    credits: "This costs %<cost>d credits. Your balance is zero.",
    order: %i[json auth workspace credits rate input plan regen preflight], id: -> { SecureRandom.uuid.upcase }
  },
  # Credits are held while a tool works for up to five minutes; JSON may escape all that is not ASCII, and slashes; an
  # idle connection ends after a second; a deleted workspace may be seen before a revoked plan or a limit.
  "hold" => {
    limiter: :fixed, hold: true, timeout: 300, escaped: true, idle: 1, drained: 5, name: "\u2018%s\u2019", challenge: true, pretty: true,
    credits: "Balance\u00a0: %<left>d\u00a0/ %<cost>d \u2013 top up first", order: %i[auth workspace rate preflight json input credits regen plan],
    id: -> { Process.clock_gettime(Process::CLOCK_REALTIME, :nanosecond).to_s(36) + SecureRandom.hex(2) }
  }
}.freeze

STATUS = {
  "invalid_json" => 400, "invalid_input" => 400, "insufficient_credits" => 402, "plan_gate" => 403, "regen_limit" => 403,
  "workspace_not_found" => 404, "not_found" => 404, "method_not_allowed" => 405, "length_required" => 411, "rate_limited" => 429,
  "preflight_failed" => 500, "generation_failed" => 502, "generation_timeout" => 504, "bad_request" => 400
}.freeze
TOOLS = { "/api/v1/tools/tagline" => [:tagline, 10], "/api/v1/tools/roadmap" => [:roadmap, 150] }.freeze
NEEDED = { tagline: %w[product description tone], roadmap: %w[product description], regenerate: %w[instructions] }.freeze

class Refusal < StandardError
  attr_reader :code, :text, :wait

  def initialize(code, text = nil, wait = nil)
    super(code)
    @code = code
    @text = text
    @wait = wait
  end
end

# Admits 60 requests a window at once, and tells truly how long a refused key has to wait.
class Limiter
  def initialize(kind, window)
    @kind = kind
    @window = window
    @keys = {}
    @mutex = Mutex.new
  end

  # Counts a request of the key: nil if it is admitted, or the seconds to wait.
  def wait(key)
    now = Process.clock_gettime(@kind == :clock ? Process::CLOCK_REALTIME : Process::CLOCK_MONOTONIC)
    @mutex.synchronize { send(@kind, @keys[key] ||= { at: now, count: 0, tokens: LIMIT.to_f, log: [] }, now) }
  end

  private

  def fixed(use, now)
    use.update(at: now, count: 0) if now - use[:at] >= @window
    (use[:count] += 1) <= LIMIT ? nil : use[:at] + @window - now
  end

  def clock(use, now)
    start = (now / @window).floor * @window
    use.update(at: start, count: 0) if use[:at] != start
    (use[:count] += 1) <= LIMIT ? nil : start + @window - now
  end

  def log(use, now)
    use[:log].shift while use[:log].any? && now - use[:log].first >= @window
    return use[:log].first + @window - now if use[:log].size >= LIMIT

    use[:log] << now
    nil
  end

  def bucket(use, now)
    use[:tokens] = [LIMIT, use[:tokens] + (now - use[:at]) * LIMIT / @window].min
    use[:at] = now
    return (1 - use[:tokens]) * @window / LIMIT if use[:tokens] < 1

    use[:tokens] -= 1
    nil
  end

  def penalty(use, now)
    return use[:banned] - now if use[:banned] && now < use[:banned]

    use.update(at: now, count: 0) if use.delete(:banned)
    return unless fixed(use, now)

    use[:banned] = now + @window * 1.5
    @window * 1.5
  end
end

# One request on its way through the checks.
class Call
  def initialize(settings, request)
    @v = settings
    @request = request
    @fault = request["x-test-fault"]
  end

  def answer
    @request.continue
    @raw = @request.body || ""
    path = @request.path
    @tool, @cost = TOOLS[path] || ([:regenerate, 20] if path.match?(%r{\A/api/v1/projects/[^/]+/regenerate\z}))
    raise Refusal, "not_found" unless @tool || path == "/api/v1/credits"
    raise Refusal, "method_not_allowed" unless @request.request_method == (@tool ? "POST" : "GET")

    @v[:order].each { |step| send(step) if @tool || %i[auth rate workspace].include?(step) }
    return { credits: @account[:credits] } unless @tool

    charge(@cost) if @v[:hold]
    if %w[generation_failed generation_timeout].include?(@fault)
      sleep(@v[:give_up]) if @fault == "generation_timeout"
      charge(-@cost) if @v[:hold]
      raise Refusal, @fault
    end
    charge(@cost) unless @v[:hold]
    { result: { taglines: ["Errors that keep their word."] } }
  rescue WEBrick::HTTPStatus::LengthRequired
    raise Refusal, "length_required"
  rescue WEBrick::HTTPStatus::BadRequest
    raise Refusal, "bad_request"
  end

  private

  def charge(cost)
    @v[:mutex].synchronize { @account[:credits] -= cost }
  end

  def auth
    bearer = @request["authorization"].to_s[/\Abearer(?:\s+(.*))?\z/i] && Regexp.last_match(1).to_s.strip
    keys = [@request["x-api-key"], bearer].compact
    keys.reverse! if @v[:bearer_first]
    key = keys.find { |one| @v[:empty] || !one.empty? }
    raise Refusal, (key ? @v[:empty] : "missing_api_key") if key.to_s.empty?
    raise Refusal, "malformed_api_key" unless @v[:shape].match?(key.b)

    @key = key
    @account = @v[:accounts][key] or raise Refusal, "invalid_api_key"
    raise Refusal, "revoked_api_key" if @account[:name] == "REVOKED"
  end

  def rate
    wait = @v[:limits].wait(@key)
    raise Refusal.new("rate_limited", nil, @v[:whole] ? @v[:window] : wait) if wait
  end

  def json
    text = @raw.dup.force_encoding("UTF-8")
    text = text.scrub("\ufffd").delete_prefix("\ufeff") if @v[:lenient]
    raise Refusal, "invalid_json" unless text.valid_encoding?

    # Ruby's parser takes comments and any escape; outside of proper texts there may be no slash and no quote.
    bare = text.gsub(%r{"(?:[^"\\]|\\(?:["\\/bfnrt]|u\h{4}))*+"}, "")
    raise Refusal, "invalid_json" if bare.match?(%r{["\\/]})

    @body = JSON.parse(text, max_nesting: 2000)
  rescue JSON::ParserError, EncodingError
    raise Refusal, "invalid_json"
  end

  def input
    wrong = wrong_fields
    return if wrong.empty?

    texts = wrong.map { |name, why| format(@v[:name] || "%s", name) + " " + why }
    raise Refusal.new("invalid_input", @v[:all] ? texts.join("; ") : texts.first)
  end

  def wrong_fields
    return NEEDED[@tool].map { |name| [name, "is missing"] } unless @body.is_a?(Hash)

    limits = @tool == :tagline ? { "product" => 3..80, "description" => 20..2000 } : {}
    wrong = NEEDED[@tool].reject { |name| @body[name].is_a?(String) && (limits[name] || (1..5000)).cover?(@body[name].length) }
    wrong |= ["tone"] if @tool == :tagline && !%w[plain playful bold formal].include?(@body["tone"])
    count = @body.fetch("count", 3)
    wrong << "count" if @tool == :tagline && !(count.is_a?(Numeric) && (1..10).cover?(count) && count == count.floor)
    wrong.map { |name| [name, @body.key?(name) ? "is not valid" : "is missing"] }
  end

  def workspace
    raise Refusal, "workspace_not_found" if @account[:name] == "ORPHANED"
  end

  def plan
    raise Refusal, "plan_gate" if @tool == :roadmap && @account[:name] == "FREE_PLAN"
  end

  def regen
    raise Refusal, "regen_limit" if @tool == :regenerate && @account[:name] == "REGEN_CAPPED"
  end

  def preflight
    raise Refusal, "preflight_failed" if @fault == "preflight_failed"
  end

  def credits
    left = @account[:credits]
    raise Refusal.new("insufficient_credits", format(@v[:credits], cost: @cost, left: left, short: @cost - left)) if left < @cost
  end
end

class Page < WEBrick::HTTPServlet::AbstractServlet
  def service(request, response)
    v = @options.first
    sleep(rand(v[:delay])) if v[:delay]
    response.status = 200
    response["Content-Type"] = "application/json"
    body = begin
      Call.new(v, request).answer
    rescue Refusal => e
      refuse(v, e, response)
    end
    text = v[:pretty] ? JSON.pretty_generate(body, ascii_only: v[:escaped]) : JSON.generate(body)
    text = text.gsub("/", "\\/") if v[:escaped]
    wanted = request["accept-encoding"].to_s
    if v[:gzip] && wanted.match?(/gzip|\*/) && !wanted.match?(/(gzip|\*)\s*;\s*q=0(\.0*)?\s*(,|\z)/)
      text = Zlib.gzip(text)
      response["Content-Encoding"] = "gzip"
      response["Vary"] = "Accept-Encoding"
    end
    response.chunked = true if v[:chunked]
    response.keep_alive = false if v[:close]
    response["RateLimit-Limit"] = "60" if v[:policy]
    response.body = text
  end

  def refuse(v, refusal, response)
    status = response.status = STATUS.fetch(refusal.code, 401)
    response["Content-Type"] = v[:media] if v[:media]
    response["Retry-After"] = [1, refusal.wait.ceil].max.to_s if refusal.wait
    response["Retry-After"] = v[:retry_all] if v[:retry_all] && status >= 500
    response["WWW-Authenticate"] = "ApiKey realm=\"api\", Bearer" if v[:challenge] && status == 401
    usual = v[:japanese] ? "\u30a8\u30e9\u30fc: #{refusal.code.tr('_', '\u30fb')}" : "Refused: #{refusal.code.tr('_', ' ')}."
    id = v[:id] ? v[:id].call : SecureRandom.hex(8)
    error = { requestId: id, docs: DOCS, message: refusal.text || usual, code: refusal.code }
    error.update(status: status, title: WEBrick::HTTPStatus.reason_phrase(status), at: Time.now.to_i) if v[:details]
    { error: error }
  end
end

abort "usage: run VARIANT | --variants | --missing" unless VARIANTS.key?(ARGV.join(" "))
v = { order: USUAL, mutex: Mutex.new }.merge(VARIANTS[ARGV.first])
v[:window] = (ENV["WINDOW_SECONDS"] || 60).to_f
v[:give_up] = (ENV["TIMEOUT_SECONDS"] || v[:timeout] || 90).to_f
v[:limits] = Limiter.new(v[:limiter], v[:window])
balances = { "VALID" => 1_000_000, "BURST" => 1_000_000, "REVOKED" => 0, "DRAINED" => v[:drained], "FREE_PLAN" => 70_000,
             "REGEN_CAPPED" => 70_000, "ORPHANED" => 0 }
v[:accounts] = balances.to_h { |name, credits| [ENV["ERRPROOF_KEY_#{name}"].to_s, { name: name, credits: credits }] }
lengths = v[:accounts].keys.map { |key| "[A-Za-z0-9_-]{#{[key.length - 9, 0].max}}" }.uniq.join("|")
v[:shape] = v[:strict] ? /\Apms_live_(?:#{lengths})\z/n : /\Apms_live_[^\s"'`]+\z/n
server = WEBrick::HTTPServer.new(
  BindAddress: "127.0.0.1", Port: 0, AccessLog: [], Logger: WEBrick::Log.new(File::NULL), DoNotReverseLookup: true,
  RequestTimeout: v[:idle] || 30, MaxClients: 300
)
server.mount("/", Page, v)
%w[INT TERM].each { |signal| trap(signal) { exit!(0) } } # a shutdown would wait for tools that still work
puts "listening on http://127.0.0.1:#{server.listeners.first.addr[1]}"
$stdout.flush
server.start
