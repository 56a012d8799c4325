// Node's `ws` 8 (npm) with the echo server at URL, which must choose the first subprotocol. (`ws`
// fails if none is chosen.)
//
//     NODE_PATH=the folder that holds ws  node subprotocol.cjs URL
//
// Prints `ok`, or exits with status 1.
"use strict";

const { WebSocket } = require("ws");

const socket = new WebSocket(process.argv[2], ["chat.v1", "superchat"]);
socket.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
socket.on("open", () => {
  if (socket.protocol !== "chat.v1") {
    console.error(`subprotocol: ${socket.protocol}`);
    process.exit(1);
  }
  console.log("ok");
  socket.close();
});
