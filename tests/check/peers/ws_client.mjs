// Node's ws as a client, as it is.
import { createRequire } from "node:module";
import { runCases } from "./run_cases.mjs";

const { WebSocket } = createRequire(import.meta.url)("ws");
await runCases(WebSocket, process.argv[2], "ws");
