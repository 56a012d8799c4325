// A person's session with the page of ws-echo over https, in Chromium, driven by `playwright-core`
// (npm).
//
//     NODE_PATH=FOLDER_OF_PLAYWRIGHT_CORE  node page_over_tls.cjs CHROMIUM URL CERTIFICATE
//
// The browser accepts the server's certificate, the PEM file CERTIFICATE, by its key. Prints `ok` at
// the end. If the page is wrong, prints what was found, and exits with status 1.
"use strict";

const { X509Certificate, createHash } = require("crypto");
const { readFileSync } = require("fs");
const { chromium } = require("playwright-core");
const { Difference, run } = require("./session.cjs");

const OVERALL_MS = 60_000;
const [executablePath, url, certificate] = process.argv.slice(2);

async function main() {
  const key = new X509Certificate(readFileSync(certificate)).publicKey.export({ type: "spki", format: "der" });
  const hash = createHash("sha256").update(key).digest("base64");
  const args = ["--no-sandbox", "--disable-dev-shm-usage", `--ignore-certificate-errors-spki-list=${hash}`];
  const browser = await chromium.launch({ executablePath, args });
  const tab = await browser.newPage();
  const faults = [];
  const sockets = [];
  tab.on("console", (message) => faults.push(message.text()));
  tab.on("pageerror", (error) => faults.push(error.message));
  tab.on("websocket", (socket) => sockets.push(socket.url()));
  await tab.goto(url);
  await tab.locator("#log p", { hasText: "Welcome to Awesome Chat" }).waitFor();
  await tab.keyboard.insertText("by TLS");
  await tab.keyboard.press("Enter");
  await tab.locator("#log p", { hasText: "<" }).filter({ hasText: "by TLS" }).waitFor();
  const found = JSON.stringify({ faults, sockets });
  const expected = JSON.stringify({ faults: [], sockets: [url.replace("https:", "wss:")] });
  if (found !== expected) throw new Difference(`expected ${expected}\nfound    ${found}`);
  await browser.close();
}

run(main, OVERALL_MS);
