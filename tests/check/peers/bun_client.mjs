// Bun's WebSocket, as it is.
import { runCases } from "./run_cases.mjs";

await runCases(WebSocket, process.argv[2], "bun");
process.exit();
