// Answers every POST by what JSON.parse makes of its body. Prints its port.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const reply = (status, content) => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(content));
  };
  if (request.method === "GET") return reply(200, { credits: 0 });
  let code = "invalid_input";
  let message = "The field product is missing.";
  try {
    JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    code = "invalid_json";
    message = "The body cannot be read.";
  }
  const docs = "https://www.planmysaas.com/docs/api/errors";
  reply(400, { error: { code, message, docs, requestId: randomBytes(8).toString("hex") } });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
