// An echo by Bun, which uses uWebSockets for its server.
//
//   bun bun.js PORT [deflate]
//
// With the last argument it compresses every message, with one compressor for all clients.

const [port, deflate] = process.argv.slice(2);
const longestMessage = 64 * 1024 * 1024;

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  fetch(request, server) {
    return server.upgrade(request) ? undefined : new Response("", { status: 426 });
  },
  websocket: {
    message(socket, message) {
      socket.send(message, deflate !== undefined);
    },
    // Without this, Bun would drop the echoes of slow clients.
    backpressureLimit: longestMessage,
    idleTimeout: 0,
    maxPayloadLength: longestMessage,
    perMessageDeflate: deflate !== undefined,
  },
});
