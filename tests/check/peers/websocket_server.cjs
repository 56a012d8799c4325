// Node's websocket, as its documentation accepts requests. It does not compress. Its limits of 64 KiB
// for a frame and 1 MiB for a message are raised.
"use strict";
const http = require("http");
const { server: WebSocketServer } = require("websocket");

const LONGEST = 64 << 20;
const [port] = process.argv.slice(2);
const httpServer = http.createServer((_, response) => response.writeHead(404).end());
const server = new WebSocketServer({
  httpServer,
  maxReceivedFrameSize: LONGEST,
  maxReceivedMessageSize: LONGEST,
});
server.on("request", (request) => {
  const connection = request.accept(null, request.origin);
  connection.on("error", () => {});
  connection.on("message", (message) => {
    if (message.type === "utf8") connection.sendUTF(message.utf8Data);
    else connection.sendBytes(message.binaryData);
  });
});
httpServer.listen(Number(port), "127.0.0.1");
