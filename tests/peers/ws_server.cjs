// An independent echo server: Node's `ws` 8 (npm).
//
//     NODE_PATH=the folder that holds ws  node ws_server.cjs ADDRESS PORT [CERTIFICATE KEY]
//
// Prints where it listens, as ours does, and serves until it is killed. Port 0 means any free port. It
// does not greet. With PEM files of a certificate chain and its key, it speaks TLS.
//
// DEFLATE, in JSON, is its option perMessageDeflate.
"use strict";

const fs = require("fs");
const http = require("http");
const https = require("https");
const { WebSocketServer } = require("ws");

const [host, port, cert, key] = process.argv.slice(2);
const scheme = cert ? "wss" : "ws";
const server = cert
  ? https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) })
  : http.createServer();

const perMessageDeflate = JSON.parse(process.env.DEFLATE || "false");
new WebSocketServer({ server, perMessageDeflate, maxPayload: 0 }).on("connection", (client) => {
  client.on("message", (data, binary) => client.send(data, { binary }));
});
server.listen(Number(port), host, () => console.log(`listening on ${scheme}://${host}:${server.address().port}`));
