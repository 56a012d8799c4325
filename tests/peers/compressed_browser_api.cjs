// Clients with the API of browsers, with compression, and the echo server: Bun's own, and undici
// (npm), which is Node's.
//
//     bun compressed_browser_api.cjs URL
//     NODE_PATH=the folder that holds undici  node compressed_browser_api.cjs URL
//
// The server at URL greets and echoes. Prints `ok` at the end. If an answer is wrong, prints the
// expected and the actual one and exits with status 1.
"use strict";

const { run } = require("./session.cjs");
const { WebSocket } = process.versions.bun ? globalThis : require("undici");

const OVERALL_MS = 80_000;

async function main() {
  const { Client, LONG } = await import("./compressed_messages.mjs");
  const client = new Client(new WebSocket(process.argv[2]));
  await client.greeted();
  console.log(`extensions: ${client.socket.extensions}`);
  await client.play(LONG);
  await client.close();
}

run(main, OVERALL_MS);
