// The end of a script: `ok`, or what was expected and what was found.
"use strict";

// What was found differs from what was expected.
class Difference extends Error {}

// Runs `main`. Prints `ok` at its end. If it fails or takes longer than `timeoutMs`, prints why and
// exits with status 1.
function run(main, timeoutMs) {
  setTimeout(fail, timeoutMs, new Difference(`timeout: expected an end within ${timeoutMs} ms`));
  main().then(end, fail);
}

function end() {
  console.log("ok");
  process.exit(0);
}

function fail(error) {
  console.log(error instanceof Difference ? error.message : (error.stack ?? error));
  process.exit(1);
}

module.exports = { Difference, run };
