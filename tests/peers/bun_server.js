// An independent echo server that compresses (permessage-deflate): Bun, with uWebSockets inside.
//
//     bun bun_server.js ADDRESS PORT
//
// Prints where it listens, as ours does, and serves until it is killed. Port 0 means any free port.
// It does not greet. DEFLATE, in JSON, is its option perMessageDeflate.

const [hostname, port] = process.argv.slice(2);
const LONGEST = 64 << 20;

const server = Bun.serve({
  hostname,
  port: Number(port),
  fetch(request, server) {
    return server.upgrade(request) ? undefined : new Response("", { status: 426 });
  },
  websocket: {
    message: (socket, message) => socket.send(message, true),
    // Without this, Bun would drop the echoes of slow clients.
    backpressureLimit: LONGEST,
    maxPayloadLength: LONGEST,
    perMessageDeflate: JSON.parse(process.env.DEFLATE || "false"),
  },
});
console.log(`listening on ws://${hostname}:${server.port}`);
