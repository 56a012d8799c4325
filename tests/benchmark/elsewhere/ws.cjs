// An echo by Node's ws, with bufferutil and utf-8-validate if NODE_PATH has them.
//
//   node ws.cjs PORT [deflate|deflate-fast]
//
// With the last argument it compresses every message, at its default level or at the one that takes
// the least time.

const { WebSocketServer } = require("ws");
const [port, deflate] = process.argv.slice(2);
const zlibDeflateOptions = deflate === "deflate-fast" ? { level: 1 } : {};

const server = new WebSocketServer({
  backlog: 16384,
  host: "127.0.0.1",
  maxPayload: 64 * 1024 * 1024,
  perMessageDeflate: deflate ? { threshold: 0, zlibDeflateOptions } : false,
  port: Number(port),
});
server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (message, isBinary) => socket.send(message, { binary: isBinary }));
});
