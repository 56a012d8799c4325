// Node's ws: permessage-deflate as its documentation offers it, nothing else set but the port.
"use strict";
const { WebSocketServer } = require("ws");

const [port] = process.argv.slice(2);
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port), perMessageDeflate: true });
server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (data, binary) => socket.send(data, { binary }));
});
