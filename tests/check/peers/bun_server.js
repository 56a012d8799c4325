// Bun, whose server is uWebSockets: it compresses, and its limit is raised from 16 MiB.
const LONGEST = 64 << 20;
const [port] = process.argv.slice(2);

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  fetch(request, server) {
    return server.upgrade(request) ? undefined : new Response("", { status: 426 });
  },
  websocket: {
    message: (socket, message) => socket.send(message, true),
    // Without this, Bun would drop the echoes of slow clients.
    backpressureLimit: LONGEST,
    maxPayloadLength: LONGEST,
    perMessageDeflate: true,
  },
});
