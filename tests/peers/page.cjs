// A person's sessions with the page of ws-echo, in Chromium, driven by `playwright-core` (npm).
//
//     NODE_PATH=the folder that holds playwright-core  node page.cjs CHROMIUM SERVER FOLDER
//
// Starts the program SERVER on a free port, stops it and starts it again. Pictures of the page go
// into FOLDER. Prints the name of each session, and `ok` at the end. If the page is wrong, prints what
// was expected and what was found, and exits with status 1.
"use strict";

const { createHash } = require("crypto");
const { mkdirSync } = require("fs");
const { createServer } = require("http");
const { chromium } = require("playwright-core");
const { Page, Server, executablePath, expect, folder, play } = require("./person.cjs");
const { run } = require("./session.cjs");

const OVERALL_MS = 80_000;
const OPTIONS = ["--path", "/chat"]; // of each server
const WELCOME = "< Welcome to Awesome Chat";
const WIDE = { width: 900, height: 680 };
const PHONE = { width: 375, height: 667 };
const NARROW = { width: 320, height: 568 };
const LINES_MAX = 1000; // in the list
const RETRIES_MAX = 100;
const TEXT = 1; // opcodes (RFC 6455 section 5.2)
const BINARY = 2;
const CLOSE = 8;

// A server of the same page that answers only when the script says so.
class Puppet {
  static async start(url) {
    const puppet = new Puppet();
    const page = await (await fetch(url)).text();
    const server = createServer((_, response) =>
      response.setHeader("Content-Type", "text/html").end(page),
    );
    puppet.asked = 0;
    puppet.refuses = false;
    server.on("upgrade", (request, stream) => {
      puppet.asked += 1;
      puppet.request = request;
      puppet.stream = stream.on("error", () => {}).resume();
      if (puppet.refuses)
        stream.end("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    puppet.host = `127.0.0.1:${server.address().port}`;
    puppet.url = `http://${puppet.host}/`;
    return puppet;
  }

  expectAsked(times) {
    return expect("requests for a WebSocket", times, async () => this.asked);
  }

  accept(...headers) {
    const key = this.request.headers["sec-websocket-key"];
    const accept = createHash("sha1")
      .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    const start = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket"];
    this.stream.write(
      [...start, `Sec-WebSocket-Accept: ${accept}`, ...headers, "\r\n"].join("\r\n"),
    );
  }

  // A frame with a payload of up to 125 bytes.
  send(opcode, payload) {
    const bytes = Buffer.from(payload);
    this.stream.write(Buffer.concat([Buffer.from([0x80 | opcode, bytes.length]), bytes]));
  }

  close(code, reason) {
    this.send(CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]));
    this.stream.end();
  }
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
  await page.type("ß", "Tab", "ArrowDown", "Tab", "Enter");
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

async function sendsBytesWrittenInHex({ page }) {
  const lines = [];
  for (const bytes of ["c3 9f", "C39F", "0xc3,0x9f", " c3:9f "]) {
    await page.sendAs("hex", bytes);
    lines.push("> c3 9f | binary, 2 B", "< c3 9f | binary, 2 B, T");
    await page.expectLines(...lines);
    await page.expectInput("");
  }
  await page.sendAs("hex", "");
  await page.expectLines(">  | binary, empty, 0 B", "<  | binary, empty, 0 B, T");
  for (const [i, fault] of ["c3 9", "zz", "c 39f", "0xc3 0x9"].entries()) {
    await page.sendAs("hex", fault);
    await page.expectLines(
      ...Array(i + 1).fill(
        "# not sent: hex has two digits for each byte, such as c3 9f or 0xc3,0x9f",
      ),
    );
    await page.expectInput(fault);
  }
}

async function bringsEarlierMessagesBack({ page }) {
  const lines = [];
  for (const [format, input, shown] of [
    ["text", "one", "one"],
    ["text", "one", "one"], // only once in the history
    ["hex", "c3 9f", "c3 9f | binary, 2 B"],
    ["text", "two", "two"],
  ]) {
    await page.sendAs(format, input);
    lines.push(`> ${shown}`, `< ${shown}${format === "text" ? " | T" : ", T"}`);
    await page.expectLines(...lines);
  }
  await page.type("a draft");
  for (const [key, input, format] of [
    ["ArrowUp", "two", "text"],
    ["ArrowUp", "c3 9f", "hex"],
    ["ArrowUp", "one", "text"],
    ["ArrowUp", " c3:9f ", "hex"],
    ["ArrowDown", "one", "text"],
    ["Shift+ArrowUp", "one", "text"],
    ["ArrowDown", "c3 9f", "hex"],
    ["ArrowDown", "two", "text"],
    ["ArrowDown", "a draft", "text"],
    ["ArrowDown", "a draft", "text"],
    ["ArrowUp", "two", "text"],
  ]) {
    await page.type("", key);
    await page.expectInput(input);
    await expect("format", format, () => page.tab.locator("#format").inputValue());
  }
  await page.type("!", "Enter");
  await page.expectLines("> two!", "< two! | T");
  await page.type("later", "ArrowUp", "ArrowDown");
  await page.expectInput("later");
  await page.tab.locator("#message").fill("");
}

async function isReadByAScreenReader({ page }) {
  await page.type("", "Shift+Tab", "Shift+Tab", "Enter"); // opens what is about the connection
  const tree = await page.tab.locator("body").ariaSnapshot();
  for (const part of [
    '- heading "ws-echo"',
    "- status: open",
    '- log "Messages"',
    '- textbox "Message"',
    '- combobox "Send as"',
    '- button "Send"',
    "- text: Connection",
    '- textbox "Address"',
    '- textbox "Subprotocols"',
    '- button "Connect"',
    '- textbox "Code"',
    '- textbox "Reason"',
    '- button "Close"',
    '- checkbox "Reconnect automatically" [checked]',
    'img "Chart of the last ',
  ]) {
    await expect(part, true, () => tree.includes(part) || tree);
  }
}

async function closesWithACodeAndAReason({ page, server }) {
  await page.type("", "Tab", "Tab", "Tab", "Tab");
  await page.expectFocus("code");
  await page.type("2999", "Tab");
  await page.type("bye ß", "Enter");
  const refusal =
    "# not closed: the code must be 1000 or 3000 to 4999, and the reason at most 123 bytes";
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
  await expect("the server's log", true, () =>
    server.log.includes("closed by client with 3001: bye ß"),
  );
  await page.expectText("status", "closed");
  await page.expectNotice("Closed 3001", "");
  await page.expectDisabled(2);
  await page.expectContrast();
  await page.expectFocus("reconnect");
  await page.type("", "Enter");
  await page.expectText("status", "open");
  await page.expectNotice("", "");
  await page.expectDisabled(0);
  await page.expectLines("# socket open", WELCOME);
  await page.expectFocus("message");
}

async function findsItsServerAgain(context) {
  const { page, server } = context;
  const url = `ws://127.0.0.1:${server.port}/chat?query`;
  await page.expectText("status", "open");
  await page.expectNoFaults();
  await page.tab.locator("summary").click();
  await page.tab.locator("#automatic").uncheck();
  await server.end("SIGKILL");
  await page.expectText("status", "error");
  await page.expectLines("# socket closed 1006 without a Close frame");
  await page.expectNotice("Closed 1006 without a Close frame", "");
  await page.expectContrast();
  await page.sendAs("text", "lost");
  await page.expectLines("# not sent: the socket is not open");
  await page.tab.locator("#reconnect").press("Enter");
  await page.expectLines(
    `# socket error: cannot connect to ${url}`,
    "# socket closed 1006 without a Close frame",
  );
  await page.expectText("status", "error");
  await page.expectNotice(`Cannot connect to ${url}`, "");
  // Chromium itself reports this in the console, once.
  await expect("faults", 1, () => page.faults.splice(0).length);

  context.server = await Server.start(server.port, ...OPTIONS);
  await page.tab.locator("#automatic").check();
  await page.expectLines("# socket open", WELCOME);
  await page.expectText("status", "open");
  await page.tab.locator("#message").press("Enter");
  await page.expectLines("> lost", "< lost | T");
}

async function connectsToAnotherAddress({ page, puppet, server }) {
  const { asked, host } = puppet;
  const connect = async (address, subprotocols) => {
    await page.tab.locator("#address").fill(address);
    await page.tab.locator("#subprotocols").fill(subprotocols);
    await page.type("", "Enter");
  };
  for (const [address, subprotocols, fault] of [
    ["", "a,a", "subprotocols are words of letters, digits and !#$%&'*+-.^_`|~, each written once"],
    ["", "a/b", "subprotocols are words of letters, digits and !#$%&'*+-.^_`|~, each written once"],
    ["ftp://a", "", "the address must begin with ws:// or wss://, and have no #"],
    ["ws://a/#b", "a", "the address must begin with ws:// or wss://, and have no #"],
    ["ws://", "", "the address must begin with ws:// or wss://, and have no #"],
  ]) {
    await connect(address || "ws://a", subprotocols);
    await page.expectLines(`# not connected: ${fault}`);
  }
  await page.expectText("status", "open"); // a fault costs no connection
  await connect(` ws://${host}/other?a=b `, "chat, superchat");
  await puppet.expectAsked(asked + 1);
  const { url, headers } = puppet.request;
  await expect("request", ["/other?a=b", "chat, superchat"], () => [
    url,
    headers["sec-websocket-protocol"],
  ]);
  puppet.accept("Sec-WebSocket-Protocol: superchat");
  await page.expectLines("# socket closing", "# socket open with subprotocol superchat");
  await page.expectText("target", `ws://${host}/other?a=b`);
  await connect(`ws://127.0.0.1:${server.port}/chat?query`, "");
  await page.expectLines("# socket closing", "# socket open", WELCOME);
  await page.tab.locator("summary").click();
  await page.tab.locator("#message").focus();
}

async function outlivesAFlood({ page }) {
  const figure = async (id) => Number((await page.text(id)).replace(/[^\d]/g, ""));
  const [sent, received] = [await figure("sent-messages"), await figure("received-messages")];
  const lines = await page.tab.locator("#log p").count();
  const send = (text, times, live) =>
    expect("lines drawn at once, live region", [0, live], () => page.fill(text, times));
  await send("flood", 600, "off");
  await expect("messages sent", sent + 600, () => figure("sent-messages"));
  await expect("echoes", received + 600, () => figure("received-messages"));
  await expect("lines", LINES_MAX, () => page.tab.locator("#log p").count());
  const dropped = lines + 1200 - LINES_MAX;
  await page.expectText(
    "dropped",
    `${dropped} earlier lines dropped: the list keeps the last 1,000`,
  );
  await page.expectLines("< flood | T");
  await expect("bars", 60, () => page.bars());
  await send("x".repeat(10_000), 1, "polite");
  await page.expectLines(
    `> ${"x".repeat(1000)} | cut, 9.8 KiB`,
    `< ${"x".repeat(1000)} | cut, 9.8 KiB, T`,
  );
  await page.expectText(
    "dropped",
    `${dropped + 2} earlier lines dropped: the list keeps the last 1,000`,
  );
  await page.expectInSight("last");
  await page.expectFits();
}

async function keepsTheEndInSightOfAWindowThatShrinks({ page }) {
  for (const height of [500, 320, 700]) {
    await page.tab.setViewportSize({ width: WIDE.width - height / 10, height });
    await page.expectInSight("last");
  }
  await page.tab.setViewportSize(WIDE);
}

async function leavesAReaderInPeaceUntilSending({ page }) {
  const log = page.tab.locator("#log");
  await expect("tabindex", "0", () => log.getAttribute("tabindex"));
  await page.expectUnseen(undefined);
  await page.scrollUp();
  await expect("outline", "3px solid", () =>
    log.evaluate(
      (log) => `${getComputedStyle(log).outlineWidth} ${getComputedStyle(log).outlineStyle}`,
    ),
  );
  await page.tab.locator("#message").focus();
  await page.expectEcho("more");
  await page.expectInSight("last");
  await page.expectUnseen(undefined);
}

async function fetchesNothingElse({ page, puppet, server }) {
  const base = `127.0.0.1:${server.port}`;
  const expected = [
    `http://${base}/chat?query`,
    `ws://${base}/chat?query`,
    `ws://${puppet.host}/other?a=b`,
  ];
  const found = new Set(page.requests.filter((url) => url !== `http://${base}/favicon.ico`));
  await expect("requests", expected, () => [...found]);
  await page.expectNoFaults();
}

async function endsWithTheServer({ page, server }) {
  await page.tab.locator("#automatic").evaluate((box) => box.click());
  await server.end("SIGTERM");
  await page.expectLines("# socket closed 1001 going away");
  await page.expectText("status", "closed");
  await page.expectNotice("Closed 1001 going away", "");
  await page.expectNoFaults();
}

// The script plays the server's end of each connection, and sets the page's clock.
async function measuresEachEchoAndNothingElse({ puppet, page }) {
  await puppet.expectAsked(1);
  await expect("the query of the page", "/x/y?token=a", async () => puppet.request.url);
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

  await page.sendAs("binary", "ab");
  puppet.send(BINARY, "ba");
  await page.expectLines("> 61 62 | binary, 2 B", "< 62 61 | binary, 2 B");
  puppet.send(TEXT, "ab");
  await page.expectLines("< ab");
  puppet.send(BINARY, "ab");
  await page.expectLines("< 61 62 | binary, 2 B, T");

  await page.tab.selectOption("#format", "text");
  await page.tab.evaluate(() => (document.getElementById("message").value = "\ud800"));
  await page.tab.locator("#message").press("Enter");
  puppet.send(TEXT, "\ufffd");
  await page.expectLines("> \ufffd", "< \ufffd | T");
}

async function leavesAServerThatNeverAnswers({ puppet, page }) {
  const { stream } = puppet;
  await page.type("unanswered", "Enter");
  puppet.send(CLOSE, [0x03, 0xe9]);
  await page.expectText("status", "closing");
  await page.tab.locator("#reconnect").press("Enter");
  await page.expectFocus("message");
  await puppet.expectAsked(2);
  await page.expectText("status", "connecting");
  await page.expectNoFaults();
  await page.tab.locator("#reconnect").press("Enter");
  await puppet.expectAsked(3);
  // Chromium itself reports this in the console, once.
  await expect("faults", 1, () => page.faults.splice(0).length);
  puppet.accept();
  await page.expectText("status", "open");
  stream.destroy();
  puppet.send(TEXT, "unanswered");
  await page.expectLines("> unanswered", "# socket open", "< unanswered");
  await page.expectText("status", "open");

  await page.tab.locator("summary").click();
  await page.tab.locator("#code").fill("");
  await page.tab.locator("#code").press("Enter");
  await page.expectLines("# socket closing without a code");
  await page.expectText("status", "closing");
  puppet.close(1000, "");
  await page.expectLines("# socket closed 1000 normal closure");
  await page.expectText("status", "closed");
  await page.tab.locator("summary").click();
}

async function saysWhatIsNewAndWhyItEnded({ puppet, page }) {
  await page.tab.locator("#reconnect").press("Enter");
  await puppet.expectAsked(4);
  puppet.accept();
  await page.expectText("status", "open");
  await page.fill("line", 50);
  await page.expectInSight("last");
  await page.scrollUp();
  for (let i = 1; i <= 3; i++) puppet.send(TEXT, `${i}`);
  await page.expectUnseen("3 new");
  await page.expectInSight("first");
  await page.expectContrast();
  await page.tab.locator("#unseen").click();
  await page.expectInSight("last");
  await page.expectUnseen(undefined);
  await page.expectFocus("log");

  await page.scrollUp();
  puppet.send(TEXT, "4");
  await page.expectUnseen("1 new");
  await page.type("", "End");
  await page.expectUnseen(undefined);

  await page.scrollUp();
  const reason = "ß<b>".repeat(24); // 120 bytes
  puppet.close(1008, reason);
  await page.expectNotice(`Closed 1008 policy violation: ${reason}`, "");
  await page.expectInSight("first");
  await page.expectUnseen("1 new");
  await page.tab.close();
}

// Runs in the page: its time stands still until the script puts it forward.
function stopTheClock() {
  let now = 0;
  let last = 0;
  const timers = new Map();
  Math.random = () => 1;
  performance.now = () => now;
  globalThis.setTimeout = (run, ms, ...rest) => {
    timers.set((last += 1), { at: now + ms, run: () => run(...rest) });
    return last;
  };
  globalThis.clearTimeout = (timer) => timers.delete(timer);
  globalThis.forward = (ms) => {
    now += ms;
    const due = [...timers].filter(([, { at }]) => at <= now);
    for (const [timer] of due) timers.delete(timer);
    for (const [, { run }] of due) run();
  };
}

// Runs in the page: no server is reached any more, however often the page tries.
async function failTimes(times) {
  globalThis.WebSocket = class {
    static OPEN = 1;
    static CLOSED = 3;
    readyState = 3;
    constructor() {
      queueMicrotask(() => this.onclose({ code: 1006, reason: "", wasClean: false }));
    }
    close() {}
  };
  for (let i = 0; i < times; i++) {
    globalThis.forward(30_000);
    await null; // lets the attempt fail
  }
}

async function reconnectsByItself({ browser, puppet }) {
  let { asked } = puppet;
  const page = await Page.open(browser, `${puppet.url}?retry`, { viewport: PHONE });
  const lost = "Closed 1006 without a Close frame";
  const refused = `Cannot connect to ws://${puppet.host}/?retry`;
  const forward = (seconds) => page.tab.evaluate((ms) => globalThis.forward(ms), 1000 * seconds);
  const accept = async () => {
    await puppet.expectAsked((asked += 1));
    puppet.accept();
    await page.expectText("status", "open");
    await page.expectNotice("", "");
  };
  await page.tab.evaluate(stopTheClock);
  await expect("the request", "/?retry", async () => puppet.request.url);
  await accept();

  puppet.refuses = true;
  puppet.stream.destroy();
  await page.expectNotice(lost, "Attempt 1 in 1 s");
  for (const [i, seconds] of [1, 2, 4, 8, 16, 30, 30].entries()) {
    await forward(30);
    await puppet.expectAsked((asked += 1));
    await page.expectNotice(refused, `Attempt ${i + 2} in ${seconds} s`);
  }
  await forward(10);
  await page.expectText("retry", "Attempt 8 in 20 s");
  await page.expectText("status", "error");
  // The list says once why attempts fail.
  const reason = `# socket error: cannot connect to ws://${puppet.host}/?retry`;
  await page.expectLines("# socket open", "# socket closed 1006 without a Close frame", reason);

  await page.tab.locator("summary").click();
  await page.tab.locator("#automatic").uncheck();
  await page.expectNotice(refused, "");
  await forward(60);
  await page.tab.locator("#automatic").check();
  await page.expectNotice(refused, "Attempt 9 in 30 s");
  puppet.refuses = false;
  await forward(30);
  await accept();

  // Behind a connection that was open for longer than the pause, the pauses are short again.
  await forward(31);
  puppet.close(1012, "an update");
  await page.expectNotice("Closed 1012 service restart: an update", "Attempt 1 in 1 s");
  await forward(1);
  await accept();
  // It is open: there is nothing to retry.
  await page.tab.locator("#automatic").uncheck();
  await page.tab.locator("#automatic").check();
  await page.expectNotice("", "");

  // What a person ended stays closed, whatever the server does, and what it ended as it should.
  await page.tab.locator("#code").press("Enter");
  await page.expectText("status", "closing");
  puppet.stream.destroy();
  await page.expectNotice(lost, "");
  await page.tab.locator("#reconnect").click();
  await accept();
  puppet.close(1000, "");
  await page.expectNotice("Closed 1000 normal closure", "");

  // A server that is gone is not asked for ever.
  await page.tab.locator("#reconnect").click();
  await accept();
  puppet.stream.destroy();
  await page.expectNotice(lost, "Attempt 1 in 1 s");
  await page.tab.evaluate(failTimes, RETRIES_MAX - 1);
  await page.expectText("retry", `Attempt ${RETRIES_MAX} in 30 s`);
  await page.tab.evaluate(failTimes, 1);
  await page.expectText("retry", `Gave up after ${RETRIES_MAX} attempts`);
  await page.tab.close();
}

// Light and dark, wide and narrow, at rest and moving.
async function looksRight({ browser, url }) {
  const looks = [
    ["light", { viewport: WIDE, colorScheme: "light" }, "breathe"],
    ["dark", { viewport: WIDE, colorScheme: "dark", reducedMotion: "reduce" }, "none"],
    ["phone", { viewport: PHONE, colorScheme: "light" }, "breathe"],
    ["narrow-dark", { viewport: NARROW, colorScheme: "dark" }, "breathe"],
  ];
  for (const [name, options, animation] of looks) {
    const page = await Page.open(browser, url, options);
    await page.expectText("status", "open");
    await page.fill("message", 30);
    await page.expectText("received-messages", "31 messages");
    await page.expectEcho("Grüße, <b>world</b>: this is text, and never HTML");
    await page.sendAs("binary", "b".repeat(65));
    const shown = "62 ".repeat(64).trim();
    await page.expectLines(`> ${shown} | binary, cut, 65 B`, `< ${shown} | binary, cut, 65 B, T`);
    await page.picture(name);
    await page.expectFits();
    await page.expectContrast();
    await givesRoom(page, options.viewport);
    await page.tab.locator("summary").click();
    await page.picture(`${name}-connection`);
    await page.expectInSight("last");
    await page.expectFits();
    const moving = () =>
      page.tab.evaluate(() => {
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

// On a phone the list has most of the window, elsewhere the message most of its row.
async function givesRoom(page, { width, height }) {
  const sizes = () =>
    page.tab.evaluate(() => {
      const [log, message, sending] = ["log", "message", "sending"].map((id) =>
        document.getElementById(id).getBoundingClientRect(),
      );
      return { list: log.height, message: message.width / sending.width };
    });
  await expect(
    "room for the list",
    true,
    async () => (await sizes()).list > 0.5 * height || sizes(),
  );
  if (width >= WIDE.width)
    await expect(
      "room for the message",
      true,
      async () => (await sizes()).message > 0.7 || sizes(),
    );
}

async function main() {
  mkdirSync(folder, { recursive: true });
  // CI may run as root, for which there is no sandbox. A key must not end the scroll of another.
  const args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-smooth-scrolling"];
  const starts = [
    chromium.launch({ executablePath, args }),
    Server.start(0, ...OPTIONS),
    Server.start(0, ...OPTIONS),
    Server.start(0, ...OPTIONS),
  ];
  const [browser, ...servers] = await Promise.all(starts);
  const [first, second, third] = servers.map(({ port }) => `http://127.0.0.1:${port}/chat`);
  const [puppet, other] = await Promise.all([Puppet.start(first), Puppet.start(first)]);
  const open = (url) => Page.open(browser, url, { viewport: WIDE });
  // Side by side, with servers of their own: a page mostly waits for its next frame.
  await Promise.all([
    play(
      { page: await open(first), server: servers[0] },
      chatsWithTheKeyboardAlone,
      countsAndMeasures,
      sendsBytesWrittenInHex,
      bringsEarlierMessagesBack,
      isReadByAScreenReader,
      closesWithACodeAndAReason,
    ),
    play(
      { page: await open(`${second}?query`), server: servers[1], puppet: other },
      findsItsServerAgain,
      connectsToAnotherAddress,
      outlivesAFlood,
      keepsTheEndInSightOfAWindowThatShrinks,
      leavesAReaderInPeaceUntilSending,
      fetchesNothingElse,
      endsWithTheServer,
    ),
    play(
      { browser, page: await open(`${puppet.url}x/y?token=a`), puppet },
      measuresEachEchoAndNothingElse,
      leavesAServerThatNeverAnswers,
      saysWhatIsNewAndWhyItEnded,
      reconnectsByItself,
    ),
    play({ browser, url: third }, looksRight),
  ]);
  await browser.close();
}

run(main, OVERALL_MS);
