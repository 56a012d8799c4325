// Node's faye-websocket, with the permessage-deflate of its authors. Its default limit is 64 MiB.
"use strict";
const http = require("http");
const FayeWebSocket = require("faye-websocket");
const deflate = require("permessage-deflate");

const [port] = process.argv.slice(2);
const server = http.createServer();
server.on("upgrade", (request, stream, head) => {
  if (!FayeWebSocket.isWebSocket(request)) return;
  const socket = new FayeWebSocket(request, stream, head, [], { extensions: [deflate] });
  socket.on("message", (event) => socket.send(event.data));
});
server.listen(Number(port), "127.0.0.1");
