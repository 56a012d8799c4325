// undici's WebSocket, which is Node's own, as it is.
import { createRequire } from "node:module";
import { runCases } from "./run_cases.mjs";

const { WebSocket } = createRequire(import.meta.url)("undici");
await runCases(WebSocket, process.argv[2], "undici");
