// A person's sessions with the page of ws-echo, in Chromium, driven by `playwright-core` (npm).
//
//     NODE_PATH=the folder that holds playwright-core  node page.cjs CHROMIUM SERVER FOLDER
//
// Starts the program SERVER on a free port, stops it and starts it again. Pictures of the page go
// into FOLDER. Prints the name of each session, and `ok` at the end. If the page is wrong, prints what
// was expected and what was found, and exits with status 1.
"use strict";

const { spawn } = require("child_process");
const { createHash } = require("crypto");
const { mkdirSync } = require("fs");
const { createServer } = require("http");
const { isDeepStrictEqual } = require("util");
const { chromium } = require("playwright-core");
const { Difference, run } = require("./session.cjs");

const OVERALL_MS = 80_000;
const ANSWER_MS = 20_000;
const WELCOME = "< Welcome to Awesome Chat";
const WIDE = { width: 900, height: 680 };
const NARROW = { width: 320, height: 640 };
const TEXT = 1; // opcodes (RFC 6455 section 5.2)
const BINARY = 2;
const CLOSE = 8;
const CONTRAST_MIN = 4.5; // WCAG 2.2, level AA, for text of any size

const [executablePath, program, folder] = process.argv.slice(2);

class Server {
  static async start(port) {
    const server = new Server();
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("WS_ECHO_")));
    const address = `127.0.0.1:${port}`;
    server.process = spawn(program, ["--listen", address, "--path", "/chat"], { env, stdio: ["ignore", "pipe", "pipe"] });
    server.log = "";
    server.process.stderr.on("data", (data) => (server.log += data));
    server.ended = new Promise((resolve) => server.process.on("exit", resolve));
    process.on("exit", () => server.process.kill("SIGKILL"));
    const line = await new Promise((resolve) => server.process.stdout.once("data", (data) => resolve(String(data))));
    server.port = Number(/:(\d+)\n/.exec(line)[1]);
    return server;
  }

  async end(signal) {
    this.process.kill(signal);
    await this.ended;
  }
}

// A server of the same page that answers only when the script says so.
class Puppet {
  static async start(url) {
    const puppet = new Puppet();
    const page = await (await fetch(url)).text();
    const server = createServer((_, response) => response.setHeader("Content-Type", "text/html").end(page));
    puppet.asked = 0;
    server.on("upgrade", (request, stream) => {
      puppet.asked += 1;
      puppet.key = request.headers["sec-websocket-key"];
      puppet.stream = stream.on("error", () => {}).resume();
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    puppet.url = `http://127.0.0.1:${server.address().port}/`;
    return puppet;
  }

  accept() {
    const accept = createHash("sha1").update(`${this.key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    this.stream.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n");
    this.stream.write(`Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
  }

  // A frame with a payload of up to 125 bytes.
  send(opcode, payload) {
    const bytes = Buffer.from(payload);
    this.stream.write(Buffer.concat([Buffer.from([0x80 | opcode, bytes.length]), bytes]));
  }
}

// Waits until `found` gives what is expected.
async function expect(what, expected, found) {
  const deadline = Date.now() + ANSWER_MS;
  let last;
  do {
    last = await found();
    if (isDeepStrictEqual(last, expected)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  } while (Date.now() < deadline);
  const show = (value) => JSON.stringify(value, null, 1);
  throw new Difference(`${what}: expected ${show(expected)}\n${what}: found    ${show(last)}`);
}

// A page, its errors and its requests.
class Page {
  static async open(browser, url, options) {
    const page = new Page();
    page.faults = [];
    page.requests = [];
    page.tab = await browser.newPage(options);
    page.tab.on("console", (message) => page.faults.push(message.text()));
    page.tab.on("pageerror", (error) => page.faults.push(error.message));
    page.tab.on("request", (request) => page.requests.push(request.url()));
    page.tab.on("websocket", (socket) => page.requests.push(socket.url()));
    await page.tab.goto(url);
    return page;
  }

  text(id) {
    return this.tab.locator(`#${id}`).textContent();
  }

  expectText(id, expected) {
    return expect(`#${id}`, expected, () => this.text(id));
  }

  expectFocus(id) {
    return expect("focus", id, () => this.tab.evaluate(() => document.activeElement.id));
  }

  // The last lines, each as `mark text | note`; times are shown as T.
  async expectLines(...expected) {
    await expect("lines", expected, async () => {
      const lines = await this.tab.locator("#log p").evaluateAll((all) =>
        all.map((line) => ["span", "bdi", "small"].map((part) => line.querySelector(part)?.textContent)));
      const shown = lines.map(([mark, text, note]) => `${mark}${text}${note && ` | ${note}`}`);
      return shown.slice(-expected.length).map((line) => line.replace(/\d+(\.\d)? ms$/, "T"));
    });
  }

  // The number of round trips in the chart.
  async bars() {
    const path = await this.tab.locator("#chart path").getAttribute("d");
    return path.split("M").length - 1;
  }

  async type(text, ...keys) {
    if (text) await this.tab.keyboard.insertText(text);
    for (const key of keys) await this.tab.keyboard.press(key);
  }

  async expectEcho(text) {
    await this.type(text, "Enter");
    await this.expectLines(`> ${text}`, `< ${text} | T`);
  }

  // The visible lines.
  inSight() {
    return this.tab.locator("#log").evaluate((log) => {
      if (log.scrollTop === 0) return "first";
      return log.scrollTop + log.clientHeight > log.scrollHeight - 8 ? "last" : "middle";
    });
  }

  // The number of disabled buttons.
  expectDisabled(count) {
    return expect("disabled buttons", count, () => this.tab.locator("form button[aria-disabled=true]").count());
  }

  async picture(name) {
    await this.tab.screenshot({ path: `${folder}/${name}.png` });
  }

  expectNoFaults() {
    return expect("faults", [], () => this.faults);
  }

  async expectFits() {
    await expect("parts outside the window", [], () =>
      this.tab.evaluate(() =>
        [...document.querySelectorAll("body *")]
          .filter((part) => part.checkVisibility() && !part.closest(".unseen, svg, #log p"))
          .filter((part) => part.getBoundingClientRect().right > innerWidth || part.getBoundingClientRect().left < 0)
          .map((part) => part.outerHTML)));
    await expect("lines without room for their text", [], () =>
      this.tab.locator("#log bdi").evaluateAll((all) =>
        all.filter((text) => text.clientWidth < text.parentElement.clientWidth / 2).map((text) => text.parentElement.outerHTML)));
    await expect("wider than the window", false, () =>
      this.tab.evaluate(() =>
        [document.documentElement, document.getElementById("log")].some((part) => part.scrollWidth > part.clientWidth)));
  }

  expectContrast() {
    return expect("parts that are hard to read", [], () => this.tab.evaluate(hardToRead, CONTRAST_MIN));
  }
}

// Runs in the page: the texts with too little contrast to their background.
function hardToRead(least) {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [red, green, blue] = channels(colour)
      .map((channel) => channel / 255)
      .map((channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (part) => {
    const colour = getComputedStyle(part).backgroundColor;
    return channels(colour)[3] === 0 ? behind(part.parentElement) : colour;
  };
  const ratio = (colour, part) => {
    const [dark, light] = [luminance(colour), luminance(behind(part))].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const isHard = (part) =>
    ratio(getComputedStyle(part).color, part) < least ||
    (part.placeholder && ratio(getComputedStyle(part, "::placeholder").color, part) < least);
  const holdsText = (part) => part.value || part.placeholder || [...part.childNodes].some(({ data }) => data?.trim());
  return [...document.querySelectorAll("body *")]
    .filter((part) => part.checkVisibility() && holdsText(part) && isHard(part))
    .map((part) => part.outerHTML);
}

async function chatsWithTheKeyboardAlone({ page }) {
  await page.expectText("status", "open");
  await page.expectLines("# socket open", WELCOME);
  await page.expectFocus("message");
  await page.expectText("median", "no echo yet");
  await page.expectEcho("hello");
  await page.expectEcho("héllo 水 🦀");
  await page.expectEcho("<b>bold</b><img src=x onerror=alert(1)>");
  await expect("HTML", 0, () => page.tab.locator("#log").locator("b, img").count());
  await page.type("", "Enter");
  await page.expectLines(">  | empty", "<  | empty, T");
  await page.type("ß", "Tab", "Tab", "Enter");
  await page.expectLines("> c3 9f | binary, 2 B", "< c3 9f | binary, 2 B, T");
  await page.expectFocus("message");
}

async function countsAndMeasures({ page }) {
  // 5 + 15 + 39 + 0 + 2 bytes, and the greeting.
  await page.expectText("sent-messages", "5 messages");
  await page.expectText("sent-bytes", "61 B");
  await page.expectText("received-messages", "6 messages");
  await page.expectText("received-bytes", "84 B");
  for (const [id, shape] of [
    ["round-trip", /^[\d.]+ ms$/],
    ["median", /^median [\d.]+ ms$/],
    ["range", /^[\d.]+ ms to [\d.]+ ms$/],
  ]) {
    await expect(id, true, async () => shape.test(await page.text(id)));
  }
  await expect("bars", 5, () => page.bars());
}

async function isReadByAScreenReader({ page }) {
  const tree = await page.tab.locator("body").ariaSnapshot();
  for (const part of [
    '- heading "ws-echo"',
    "- status: open",
    '- log "Messages"',
    '- textbox "Message"',
    '- button "Send"',
    '- button "Send as binary"',
    '- textbox "Code"',
    '- textbox "Reason"',
    '- button "Close"',
    'img "Chart of the last 5 round trips: ',
  ]) {
    await expect(part, true, () => tree.includes(part) || tree);
  }
}

async function closesWithACodeAndAReason({ page, server }) {
  await page.type("", "Tab", "Tab", "Tab");
  await page.expectFocus("code");
  await page.type("2999", "Tab");
  await page.type("bye ß", "Enter");
  const refusal = "# not closed: the code must be 1000 or 3000 to 4999, and the reason at most 123 bytes";
  await page.expectLines(refusal);
  for (const [i, code] of ["0x7d1", "3e3", " 1000", ""].entries()) {
    await page.type("", "Shift+Tab", "Backspace");
    await page.type(code, "Enter");
    await page.expectLines(...Array(i + 2).fill(refusal));
    await page.type("", "Tab");
  }
  await page.type("", "Shift+Tab");
  await page.type("3001", "Tab", "Enter");
  await page.expectLines("# socket closing 3001: bye ß", "# socket closed 3001");
  await expect("the server's log", true, () => server.log.includes("closed by client with 3001: bye ß"));
  await page.expectText("status", "closed");
  await page.expectDisabled(3);
  await page.expectContrast();
  await page.expectFocus("reconnect");
  await page.type("", "Enter");
  await page.expectText("status", "open");
  await page.expectDisabled(0);
  await page.expectLines("# socket open", WELCOME);
  await page.expectFocus("message");
}

async function showsWhyThereIsNoConnection(context) {
  const { page, server } = context;
  const url = `ws://127.0.0.1:${server.port}/chat`;
  await page.expectNoFaults();
  await server.end("SIGKILL");
  await page.expectText("status", "error");
  await page.expectLines("# socket closed 1006 without a Close frame");
  await page.expectContrast();
  await page.type("lost", "Enter");
  await page.expectLines("# not sent: the socket is not open");
  await page.tab.locator("#reconnect").press("Enter");
  await page.expectLines(`# socket error: cannot connect to ${url}`, "# socket closed 1006 without a Close frame");
  await page.expectText("status", "error");
  // Chromium itself reports this in the console, once.
  await expect("faults", 1, () => page.faults.splice(0).length);

  context.server = await Server.start(server.port);
  await page.tab.locator("#reconnect").press("Enter");
  await page.expectLines("# socket open", WELCOME);
  await page.expectText("status", "open");
  await page.type("", "Enter");
  await page.expectLines("> lost", "< lost | T");
}

// Runs in the page: sends a text many times at once. Returns how many lines were drawn before the next
// animation frame, and whether a screen reader announces those that are drawn then.
async function sendTimes([text, times]) {
  const log = document.getElementById("log");
  const before = log.childElementCount;
  for (let i = 0; i < times; i++) {
    document.getElementById("message").value = text;
    document.getElementById("sending").requestSubmit();
  }
  const drawn = log.childElementCount - before;
  await new Promise(requestAnimationFrame);
  return [drawn, log.ariaLive];
}

async function outlivesAFlood({ page }) {
  const send = (text, times, live) =>
    expect("lines drawn at once, live region", [0, live], () => page.tab.evaluate(sendTimes, [text, times]));
  await send("flood", 600, "off");
  await expect("the last echo", "606 messages", () => page.text("sent-messages"));
  await expect("echoes", "609 messages", () => page.text("received-messages"));
  await expect("lines", 1000, () => page.tab.locator("#log p").count());
  await page.expectLines("< flood | T");
  await expect("bars", 60, () => page.bars());
  await send("x".repeat(10_000), 1, "polite");
  await page.expectLines(`> ${"x".repeat(1000)} | cut, 9.8 KiB`, `< ${"x".repeat(1000)} | cut, 9.8 KiB, T`);
  await expect("in sight", "last", () => page.inSight());
  await page.expectFits();
}

async function leavesTheReaderWhereHeIs({ page }) {
  const log = page.tab.locator("#log");
  await expect("tabindex", "0", () => log.getAttribute("tabindex"));
  await log.focus();
  await page.type("", "Home");
  await expect("outline", "3px solid", () =>
    log.evaluate((log) => `${getComputedStyle(log).outlineWidth} ${getComputedStyle(log).outlineStyle}`));
  await expect("in sight", "first", () => page.inSight());
  await page.tab.evaluate(sendTimes, ["more", 1]);
  await page.expectLines("> more", "< more | T");
  await expect("is torn to the end", false, async () => (await page.inSight()) === "last");
}

async function fetchesNothingElse({ page, server }) {
  const base = `127.0.0.1:${server.port}`;
  const allowed = [`http://${base}/chat?query`, `http://${base}/favicon.ico`, `ws://${base}/chat`];
  await expect("requests", [], () => page.requests.filter((url) => !allowed.includes(url)));
  await page.expectNoFaults();
}

async function endsWithTheServer({ page, server }) {
  await server.end("SIGTERM");
  await page.expectLines("# socket closed 1001 going away");
  await page.expectText("status", "closed");
  await page.expectNoFaults();
}

// The script plays the server's end of each connection, and sets the page's clock.
async function measuresEachEchoAndNothingElse({ puppet, puppetPage: page }) {
  await expect("requests for a WebSocket", 1, async () => puppet.asked);
  puppet.accept();
  await page.expectText("status", "open");
  await page.tab.evaluate(() => (performance.now = () => globalThis.now));
  const at = (now) => page.tab.evaluate((now) => (globalThis.now = now), now);
  for (const [i, time] of [40, 10, 1000, 20, 30].entries()) {
    await at(0);
    await page.type(`${i}`, "Enter");
    await at(time);
    puppet.send(TEXT, `${i}`);
    await expect("lines", 2 * i + 3, () => page.tab.locator("#log p").count());
  }
  await page.expectText("median", "median 30.0 ms");
  await page.expectText("round-trip", "30.0 ms");
  await page.expectText("range", "10.0 ms to 1000 ms");

  await page.type("ab", "Tab", "Tab", "Enter");
  puppet.send(BINARY, "ba");
  await page.expectLines("> 61 62 | binary, 2 B", "< 62 61 | binary, 2 B");
  puppet.send(TEXT, "ab");
  await page.expectLines("< ab");
  puppet.send(BINARY, "ab");
  await page.expectLines("< 61 62 | binary, 2 B, T");

  await page.tab.evaluate(() => (document.getElementById("message").value = "\ud800"));
  await page.type("", "Enter");
  puppet.send(TEXT, "\ufffd");
  await page.expectLines("> \ufffd", "< \ufffd | T");
}

async function leavesAServerThatNeverAnswers({ puppet, puppetPage: page }) {
  const { stream } = puppet;
  await page.type("unanswered", "Enter");
  puppet.send(CLOSE, [0x03, 0xe9]);
  await page.expectText("status", "closing");
  await page.tab.locator("#reconnect").press("Enter");
  await page.expectFocus("message");
  await expect("requests for a WebSocket", 2, async () => puppet.asked);
  await page.expectText("status", "connecting");
  await page.expectNoFaults();
  await page.tab.locator("#reconnect").press("Enter");
  await expect("requests for a WebSocket", 3, async () => puppet.asked);
  // Chromium itself reports this in the console, once.
  await expect("faults", 1, () => page.faults.splice(0).length);
  puppet.accept();
  await page.expectText("status", "open");
  stream.destroy();
  puppet.send(TEXT, "unanswered");
  await page.expectLines("> unanswered", "# socket open", "< unanswered");
  await page.expectText("status", "open");

  await page.tab.locator("#code").fill("");
  await page.tab.locator("#code").press("Enter");
  await page.expectLines("# socket closing without a code");
  await page.expectText("status", "closing");
  puppet.send(CLOSE, "");
  puppet.stream.end();
  await page.expectLines("# socket closed 1005 without a code");
  await page.expectText("status", "closed");
  await page.tab.close();
}

// Light and dark, wide and narrow, at rest and moving.
async function looksRight({ browser, server }) {
  const url = `http://127.0.0.1:${server.port}/chat`;
  for (const [name, options, animation] of [
    ["light", { viewport: WIDE, colorScheme: "light" }, "breathe"],
    ["dark", { viewport: WIDE, colorScheme: "dark", reducedMotion: "reduce" }, "none"],
    ["narrow", { viewport: NARROW, colorScheme: "light" }, "breathe"],
    ["narrow-dark", { viewport: NARROW, colorScheme: "dark" }, "breathe"],
  ]) {
    const page = await Page.open(browser, url, options);
    await page.expectText("status", "open");
    for (let i = 1; i <= 30; i++) await page.expectEcho(`message ${i}`);
    await page.expectEcho("Grüße, <b>world</b>: this is text, and never HTML");
    await page.type("b".repeat(65), "Tab", "Tab", "Enter");
    const shown = "62 ".repeat(64).trim();
    await page.expectLines(`> ${shown} | binary, cut, 65 B`, `< ${shown} | binary, cut, 65 B, T`);
    await page.picture(name);
    await page.expectFits();
    await page.expectContrast();
    const moving = () => page.tab.evaluate(() => {
      const status = document.getElementById("status");
      status.dataset.state = "connecting";
      return getComputedStyle(status, "::before").animationName;
    });
    await expect("animation", animation, moving);
    await page.expectContrast();
    await page.expectNoFaults();
    await page.tab.close();
  }
}

async function main() {
  mkdirSync(folder, { recursive: true });
  const server = await Server.start(0);
  // CI may run as root, for which there is no sandbox.
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  const browser = await chromium.launch({ executablePath, args });
  const page = await Page.open(browser, `http://127.0.0.1:${server.port}/chat?query`, { viewport: WIDE });
  const puppet = await Puppet.start(`http://127.0.0.1:${server.port}/chat`);
  const puppetPage = await Page.open(browser, puppet.url, { viewport: WIDE });
  const context = { browser, page, server, puppet, puppetPage };
  for (const session of [
    chatsWithTheKeyboardAlone,
    countsAndMeasures,
    isReadByAScreenReader,
    closesWithACodeAndAReason,
    showsWhyThereIsNoConnection,
    looksRight,
    outlivesAFlood,
    leavesTheReaderWhereHeIs,
    measuresEachEchoAndNothingElse,
    leavesAServerThatNeverAnswers,
    fetchesNothingElse,
    endsWithTheServer,
  ]) {
    console.log(session.name);
    await session(context);
  }
  await browser.close();
}

run(main, OVERALL_MS);
