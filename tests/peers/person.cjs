// What the sessions of a person with the pages of ws-echo share: a server of its own, a page and
// what is found on it. Their arguments are the paths of Chromium and of the server, and the folder
// for pictures.
"use strict";

const { spawn } = require("child_process");
const { isDeepStrictEqual } = require("util");
const { Difference } = require("./session.cjs");

const ANSWER_MS = 20_000;
const LOOK_AGAIN_MS = 4;
const CONTRAST_MIN = 4.5; // WCAG 2.2, level AA, for text of any size

const [executablePath, program, folder] = process.argv.slice(2);

class Server {
  static async start(port, ...options) {
    const server = new Server();
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith("WS_ECHO_")),
    );
    const address = `127.0.0.1:${port}`;
    server.process = spawn(program, ["--listen", address, ...options], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    server.log = "";
    server.process.stderr.on("data", (data) => (server.log += data));
    server.ended = new Promise((resolve) => server.process.on("exit", resolve));
    process.on("exit", () => server.process.kill("SIGKILL"));
    const line = await new Promise((resolve) =>
      server.process.stdout.once("data", (data) => resolve(String(data))),
    );
    server.port = Number(/:(\d+)\n/.exec(line)[1]);
    return server;
  }

  async end(signal) {
    this.process.kill(signal);
    await this.ended;
  }
}

// Waits until `found` gives what is expected.
async function expect(what, expected, found) {
  const deadline = Date.now() + ANSWER_MS;
  let last;
  do {
    last = await found();
    if (isDeepStrictEqual(last, expected)) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
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
    return this.tab.evaluate((id) => document.getElementById(id).textContent, id);
  }

  isHidden(id) {
    return this.tab.evaluate((id) => document.getElementById(id).hidden, id);
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
      const lines = await this.tab.evaluate((count) => {
        const last = [...document.querySelectorAll("#log p")].slice(-count);
        return last.map((line) => [...line.children].map((part) => part.textContent));
      }, expected.length);
      const shown = lines.map(([mark, text, note]) => `${mark}${text}${note && ` | ${note}`}`);
      return shown.map((line) => line.replace(/\d+(\.\d)? ms$/, "T"));
    });
  }

  // The number of round trips in the chart.
  async bars() {
    const path = await this.tab.evaluate(() =>
      document.querySelector("#chart path").getAttribute("d"),
    );
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

  async sendAs(format, text) {
    await this.tab.selectOption("#format", format);
    await this.tab.locator("#message").fill(text);
    await this.type("", "Enter");
  }

  // Sends a text many times at once.
  fill(text, times) {
    return this.tab.evaluate(sendTimes, [text, times]);
  }

  // Which end of the list is visible.
  expectInSight(end) {
    return expect("in sight", end, () =>
      this.tab.evaluate(() => {
        const log = document.getElementById("log");
        if (log.scrollTop === 0) return "first";
        return log.scrollTop + log.clientHeight > log.scrollHeight - 8 ? "last" : "middle";
      }),
    );
  }

  async scrollUp() {
    await this.tab.locator("#log").press("Home");
    await this.expectInSight("first");
  }

  // The text of the button that leads to new lines, if it is there.
  expectUnseen(expected) {
    return expect("new lines", expected, async () =>
      (await this.isHidden("unseen")) ? undefined : this.text("unseen"),
    );
  }

  // The reason of an end and the next attempt, all of them in sight.
  async expectNotice(end, retry) {
    await this.expectText("end", end);
    await this.expectText("retry", retry);
    await expect("the notice is in sight", end !== "", () =>
      this.tab.evaluate(() => {
        const { top, bottom, height } = document.getElementById("notice").getBoundingClientRect();
        return height > 0 && top >= 0 && bottom <= innerHeight;
      }),
    );
  }

  async expectInput(text) {
    await expect("input", text, () =>
      this.tab.evaluate(() => document.getElementById("message").value),
    );
  }

  // The number of disabled buttons.
  expectDisabled(count) {
    return expect("disabled buttons", count, () =>
      this.tab.locator("form button[aria-disabled=true]").count(),
    );
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
          .filter(
            (part) => part.checkVisibility() && !part.closest(".spoken, summary *, svg, #log p"),
          )
          .filter(
            (part) =>
              part.getBoundingClientRect().right > innerWidth ||
              part.getBoundingClientRect().left < 0,
          )
          .map((part) => part.outerHTML),
      ),
    );
    await expect("lines without room for their text", [], () =>
      this.tab
        .locator("#log bdi")
        .evaluateAll((all) =>
          all
            .filter((text) => text.clientWidth < text.parentElement.clientWidth / 2)
            .map((text) => text.parentElement.outerHTML),
        ),
    );
    await expect("wider than the window", false, () =>
      this.tab.evaluate(() =>
        [document.documentElement, document.getElementById("log")].some(
          (part) => part.scrollWidth > part.clientWidth,
        ),
      ),
    );
  }

  expectContrast() {
    return expect("parts that are hard to read", [], () =>
      this.tab.evaluate(hardToRead, CONTRAST_MIN),
    );
  }
}

// Runs in the page: the texts with too little contrast to their background.
function hardToRead(least) {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [red, green, blue] = channels(colour)
      .map((channel) => channel / 255)
      .map((channel) =>
        channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4,
      );
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
  const holdsText = (part) =>
    part.value || part.placeholder || [...part.childNodes].some(({ data }) => data?.trim());
  return [...document.querySelectorAll("body *")]
    .filter((part) => part.checkVisibility() && holdsText(part) && isHard(part))
    .map((part) => part.outerHTML);
}

// Runs in the page: sends a text many times at once. Returns how many lines were drawn before the
// next animation frame, and whether a screen reader announces those that are drawn then.
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

// Plays sessions one after the other.
async function play(context, ...sessions) {
  for (const session of sessions) {
    console.log(session.name);
    await session(context).catch((error) => {
      error.message = `${session.name}: ${error.message}`;
      throw error;
    });
  }
}

module.exports = { Page, Server, executablePath, expect, folder, play };
