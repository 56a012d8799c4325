// Node's `ws` watches a server that misbehaves.
//
//     node observe.cjs URL [MESSAGE...]
//
// It sends the messages after the handshake, and receives up to the end of the connection. It
// prints one JSON object and then `ok`. The object has `refused` (status, Retry-After, Location and
// content), or `messages`, `code` and `reason` of the close event, `error`, which is the client's
// own, and `protocol`, which is null if the handshake failed.
"use strict";

const { run } = require("./session.cjs");
const { WebSocket } = require("ws");

const END_MS = 60_000;

const [url, ...messages] = process.argv.slice(2);

const observe = () =>
  new Promise((resolve) => {
    const ws = new WebSocket(url, { perMessageDeflate: false });
    const seen = { protocol: null, messages: [], error: null };
    ws.on("unexpected-response", (request, response) => {
      const { "retry-after": retryAfter, location } = response.headers;
      let content = "";
      response.on("data", (data) => (content += data));
      const refused = () => [response.statusCode, retryAfter ?? null, location ?? null, content];
      response.on("end", () => resolve({ refused: refused() }));
    });
    ws.on("open", () => {
      seen.protocol = ws.protocol;
      for (const message of messages) ws.send(message);
    });
    ws.on("message", (data, isBinary) => seen.messages.push(isBinary ? [...data] : data.toString()));
    ws.on("error", (error) => (seen.error = error.code ?? error.message));
    ws.on("close", (code, reason) => resolve({ ...seen, code, reason: reason.toString() }));
  });

run(async () => console.log(JSON.stringify(await observe())), END_MS);
