// An echo server that is not ours: Node's `ws` 8 (npm).
//
//     NODE_PATH=the folder that holds ws  node ws_server.cjs ADDRESS PORT
//
// Says where it listens, as ours does, and serves until it is killed. Port 0 takes a free one. It does not greet.
"use strict";

const { WebSocketServer } = require("ws");

const [host, port] = process.argv.slice(2);
const server = new WebSocketServer({ host, port: Number(port) });

server.on("listening", () => console.log(`listening on ws://${host}:${server.address().port}`));
server.on("connection", (client) => {
  client.on("message", (data, binary) => client.send(data, { binary }));
});
