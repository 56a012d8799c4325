// An echo by Bun, which uses uWebSockets for its server.
//
//   bun bun.js PORT

const longestMessage = 64 * 1024 * 1024;

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch(request, server) {
    return server.upgrade(request) ? undefined : new Response("", { status: 426 });
  },
  websocket: {
    message(socket, message) {
      socket.send(message);
    },
    // Without this, Bun would drop the echoes of slow clients.
    backpressureLimit: longestMessage,
    idleTimeout: 0,
    maxPayloadLength: longestMessage,
    perMessageDeflate: false,
  },
});
