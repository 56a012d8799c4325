// An echo by Node's ws, with bufferutil and utf-8-validate if NODE_PATH has them.
//
//   node ws.cjs PORT

const { WebSocketServer } = require("ws");

const server = new WebSocketServer({
  backlog: 16384,
  host: "127.0.0.1",
  maxPayload: 64 * 1024 * 1024,
  perMessageDeflate: false,
  port: Number(process.argv[2]),
});
server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (message, isBinary) => socket.send(message, { binary: isBinary }));
});
