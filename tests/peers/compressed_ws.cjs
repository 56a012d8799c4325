// Node's `ws` 8 (npm) with each of its options for compression and the echo server.
//
//     NODE_PATH=the folder that holds ws  node compressed_ws.cjs URL
//
// The server at URL greets and echoes. Prints the options of each connection and whether
// compression was agreed on, and `ok` at the end. If an answer is wrong, prints the expected and
// the actual one and exits with status 1.
"use strict";

const { WebSocket } = require("ws");
const { run } = require("./session.cjs");

const OVERALL_MS = 80_000;

const OPTIONS = [
  { threshold: 0 },
  { serverNoContextTakeover: true },
  { clientNoContextTakeover: true },
  { serverNoContextTakeover: true, clientNoContextTakeover: true },
  ...[8, 9, 10, 12, 15].map((serverMaxWindowBits) => ({ serverMaxWindowBits })),
  ...[8, 9, 10, 12, 15].map((clientMaxWindowBits) => ({ clientMaxWindowBits })),
  { zlibDeflateOptions: { level: 0 } },
  { zlibDeflateOptions: { level: 9 } },
];

async function play({ Client, LONG, SHORT, record }, perMessageDeflate) {
  // A server with small buffers sends a long message in many fragments.
  const options = { perMessageDeflate, maxFragments: 0 };
  const client = new Client(new WebSocket(process.argv[2], [], options));
  await client.greeted();
  console.log(`${JSON.stringify(perMessageDeflate)}: ${client.socket.extensions}`);
  await client.play(perMessageDeflate === OPTIONS[0] ? LONG : SHORT);
  for (let i = 0; i < 10; i++) {
    await client.expectEcho(`plain or compressed ${i}`, record(i), { compress: i % 2 === 0 });
  }
  const fragments = ["", record(1), "", record(2), ""];
  for (const [i, fragment] of fragments.entries()) {
    client.socket.send(fragment, { fin: i === fragments.length - 1 });
    client.socket.ping();
  }
  await client.expect("fragments", fragments.join(""));
  await client.close();
}

async function main() {
  const messages = await import("./compressed_messages.mjs");
  for (const options of OPTIONS) await play(messages, options);
}

run(main, OVERALL_MS);
