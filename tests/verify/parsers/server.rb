# Answers every POST by what Ruby's YAML makes of its body: nearly all JSON is YAML, and much else. Prints its port.
require "json"
require "securerandom"
require "socket"
require "yaml"

def answer(client)
  while (line = client.gets)
    length = 0
    while (header = client.gets) && header != "\r\n"
      name, value = header.split(":", 2)
      length = value.to_i if name.casecmp?("content-length")
    end
    body = client.read(length).force_encoding("UTF-8")
    status, content = 200, { credits: 0 }
    unless line.start_with?("GET")
      code, message = "invalid_input", "The field product is missing."
      begin
        YAML.safe_load(body, aliases: true)
      rescue StandardError
        code, message = "invalid_json", "The body cannot be read."
      end
      docs = "https://www.planmysaas.com/docs/api/errors"
      error = { code: code, message: message, docs: docs, requestId: SecureRandom.hex(8) }
      status, content = 400, { error: error }
    end
    text = JSON.generate(content)
    client.write("HTTP/1.1 #{status} X\r\nContent-Type: application/json\r\nContent-Length: #{text.bytesize}\r\n\r\n#{text}")
  end
rescue SystemCallError
  nil
end

server = TCPServer.new("127.0.0.1", 0)
puts server.addr[1]
$stdout.flush
loop { Thread.new(server.accept) { |client| answer(client) } }
