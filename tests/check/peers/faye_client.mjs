// faye-websocket as a client, with the permessage-deflate of its authors.
import { createRequire } from "node:module";
import { runCases } from "./run_cases.mjs";

const require = createRequire(import.meta.url);
const { Client } = require("faye-websocket");
const deflate = require("permessage-deflate");

class WebSocket extends Client {
  constructor(url) {
    super(url, [], { extensions: [deflate] });
  }
}
await runCases(WebSocket, process.argv[2], "faye");
