// A person's sessions with the test page of ws-echo, in Chromium, driven by `playwright-core`
// (npm).
//
//     NODE_PATH=FOLDER_OF_PLAYWRIGHT_CORE  node test_page.cjs CHROMIUM SERVER FOLDER
//
// Starts the program SERVER on a free port. Pictures of the page go into FOLDER. Prints the name of
// each session, and `ok` at the end. If the page is wrong, prints what was expected and what was
// found, and exits with status 1.
"use strict";

const { mkdirSync } = require("fs");
const { chromium } = require("playwright-core");
const { Page, Server, executablePath, expect, folder, play } = require("./person.cjs");
const { run } = require("./session.cjs");

const OVERALL_MS = 80_000;
const WELCOME = "< Welcome to Awesome Chat";
const WIDE = { width: 1200, height: 760 };
const PHONE = { width: 320, height: 640 };
const RIGHT = "# the address has no mistake: the browser's console says how the handshake failed";
const CLEAN = "# the end was clean: both sides sent a Close";
const NOT_CLEAN =
  "# the end was not clean: the connection was lost, or the browser's console says why";

// The address that the form has built, without its scheme, host and path.
function expectBuilt(page, query) {
  return expect("the address built", query, async () => {
    const { search, origin, pathname } = new URL(await page.text("built"));
    const { host } = new URL(page.tab.url());
    return `${origin}${pathname}` === `ws://${host}/test` ? search : `${origin}${pathname}`;
  });
}

function expectOwnAddress(page, query) {
  return expect("the page's address", query, async () => new URL(page.tab.url()).search);
}

// The values of the controls that are set, by parameter.
function expectSet(page, expected) {
  return expect("what is set", expected, () =>
    page.tab.evaluate(() => {
      const controls = [...document.getElementById("behaviour").elements];
      const value = (it) => (it.type === "checkbox" ? it.checked : it.value);
      const set = controls.filter((it) => it.name && value(it));
      return Object.fromEntries(set.map((it) => [it.name, value(it)]));
    }),
  );
}

// Sets parameters in the form, whose groups are opened.
async function set(page, values) {
  for (const [name, value] of Object.entries(values)) {
    const control = page.tab.locator(`#set-${name}`);
    await control.evaluate((it) => (it.closest("details").open = true));
    const kind = await control.evaluate((it) => it.localName);
    await (kind === "select" ? control.selectOption(value) : control.fill(value));
  }
}

function openGroups(page) {
  const groups = page.tab.locator("#groups details");
  return groups.evaluateAll((all) => all.forEach((it) => (it.open = true)));
}

async function clear(page) {
  await page.tab.getByRole("button", { name: "Clear" }).press("Enter");
  await expectBuilt(page, "");
}

async function tryIt(page, values) {
  await clear(page);
  await set(page, values);
  await page.tab.getByRole("button", { name: "Try" }).press("Enter");
}

async function connectsToItsOwnAddress({ page }) {
  await page.expectText("status", "open");
  await page.expectLines("# socket open", WELCOME);
  await expectBuilt(page, "");
  await expect("reconnects", false, () => page.tab.locator("#automatic").isChecked());
  await page.expectNoFaults();
}

async function isFilledWithTheKeyboardAlone({ page }) {
  await page.type("", "Tab", "Tab"); // beyond the connection
  const group = () => page.tab.evaluate(() => document.activeElement.textContent.split(" ")[0]);
  await expect("focus", "Handshake", group);
  await page.type("", "Enter", "Tab");
  await page.expectFocus("set-status");
  await page.type("", "Tab", "Tab", "Tab", "Tab");
  await page.expectFocus("set-handshake-delay");
  await page.type("0s", "Tab");
  await page.type("A: b", "Enter"); // a line for each header
  await page.type("C: d", "Tab", "Tab", "Tab", "Tab");
  await expect("focus", "Greeting", group);
  await page.type("", "Space", "Tab");
  await page.expectFocus("set-greeting");
  await page.type("ß & 'x' 1+1", "Tab", "Space", "Tab", "Tab");
  await expectBuilt(
    page,
    "?handshake-delay=0s&header=A:+b&header=C:+d&greeting=%C3%9F+%26+%27x%27+1%2B1&glued",
  );
  await page.type("", "Enter", "Tab", "Tab", "Tab", "Tab", "Tab", "Tab", "Tab");
  await page.expectFocus("set-as");
  await page.type("", "b");
  await expectSet(page, {
    "handshake-delay": "0s",
    header: "A: b\nC: d",
    greeting: "ß & 'x' 1+1",
    glued: true,
    as: "binary",
  });
  await page.expectNoFaults();
}

async function isClearedAndCopied({ page }) {
  await set(page, { delay: "5ms" });
  const built = await page.text("built");
  await page.tab.locator("#copy").press("Enter");
  await page.expectText("copied", "Copied");
  await expect("the clipboard", built, () => page.tab.evaluate("navigator.clipboard.readText()"));
  await clear(page);
  await expectSet(page, {});
  await page.expectText("copied", "");
  // So it is for a page that came without TLS from another machine.
  await page.tab.evaluate("Object.defineProperty(navigator, 'clipboard', {})");
  await page.tab.locator("#copy").press("Enter");
  await page.expectText("copied", "Selected, to be copied");
  await expect("the selection", await page.text("built"), () =>
    page.tab.evaluate("String(getSelection())"),
  );
}

async function isFilledFromAnAddressThatWasShared({ browser, url }) {
  const query = "?header=A:b&header=C:d&greeting=text:none%0Aß+%2B&glued&as=text&delay=1ms";
  const page = await Page.open(browser, url + query, { viewport: WIDE });
  await expectSet(page, {
    header: "A:b\nC:d",
    greeting: "text:none\nß +",
    glued: true,
    as: "text",
    delay: "1ms",
  });
  await expectBuilt(
    page,
    "?header=A:b&header=C:d&greeting=text:none%0A%C3%9F+%2B&glued&delay=1ms&as=text",
  );
  await expect("open groups", ["Handshake", "Greeting", "Each"], () =>
    page.tab.locator("#groups details[open] summary").evaluateAll((all) =>
      all.map((it) => it.textContent.split(" ")[0]),
    ),
  );
  await page.expectText("status", "open");
  await page.expectNoFaults();
  await page.tab.close();
}

async function saysWhatTheServerSaysAboutAWrongAddress({ page }) {
  const marked = page.tab.locator("[aria-invalid=true]");
  for (const [values, names, said] of [
    [
      { delay: "soon" },
      ["delay"],
      "invalid value 'soon' for 'delay': write a duration of at most 1h, such as delay=200ms",
    ],
    [
      { reason: "bye" },
      ["close", "reason"],
      "'reason' means nothing without 'close': write both, such as close=1000&reason=bye",
    ],
  ]) {
    await tryIt(page, values);
    await page.expectLines(`# the server says: 400 Bad Request: ${said}`);
    await expect("marked", names, () => marked.evaluateAll((all) => all.map((it) => it.name)));
    await page.expectText("status", "error");
    await page.expectText("end", `Cannot connect to ${await page.text("built")}`);
    await expectOwnAddress(page, ""); // a reload must give the page
    page.faults.length = 0; // Chromium reports both requests in its console
  }
  await set(page, { close: "1000" });
  await expect("marked", 0, () => marked.count());
}

async function sharesWhatWasTried({ page }) {
  await tryIt(page, { delay: "10ms" });
  await page.expectText("status", "open");
  await expectOwnAddress(page, "?delay=10ms");
  await tryIt(page, {});
  await expectOwnAddress(page, "");
  await page.expectText("status", "open");
  await page.expectNoFaults();
}

async function asksNoOtherServer({ page, other }) {
  const { requests } = page;
  requests.length = 0;
  await page.tab.locator("summary").first().click();
  await page.tab.locator("#address").fill(`${other}/not-served`);
  await page.type("", "Enter");
  await page.expectLines("# socket closed 1006 without a Close frame");
  await page.tab.locator("summary").first().click();
  await tryIt(page, {});
  await page.expectText("status", "open");
  const tried = [`${other}/not-served`, await page.text("built")];
  await expect("requests", tried, async () => requests);
  page.faults.length = 0;
}

// What a page is shown of what the server does.
async function showsWhatTheServerDoes({ page }) {
  await tryIt(page, { greeting: "hello <b>there</b>" });
  await page.expectLines("# socket open", "< hello <b>there</b>");

  await tryIt(page, { delay: "200ms" });
  await page.expectLines("# socket open", WELCOME);
  await page.sendAs("text", "late");
  await page.expectLines("> late", "< late | T");
  await expect("it waited", true, async () => parseFloat(await page.text("round-trip")) > 195);

  await tryIt(page, { close: "1011", reason: "bye" });
  const closed = "# socket closed 1011 internal error: bye";
  await page.expectLines("# socket open", WELCOME, closed, CLEAN);
  await page.expectText("status", "closed");
  await page.expectNotice("Closed 1011 internal error: bye", "");
  await page.expectNoFaults();

  await tryIt(page, { status: "503", "retry-after": "5s", body: "later" });
  const address = await page.text("built");
  const lost = "# socket closed 1006 without a Close frame";
  await page.expectLines(`# socket error: cannot connect to ${address}`, lost, RIGHT);
  await expectOwnAddress(page, "?status=503&retry-after=5s&body=later");
  await expect("the console", true, async () => page.faults.join().includes("503"));

  for (const end of ["fin", "reset"]) {
    await tryIt(page, { end, after: "50ms" });
    await page.expectLines("# socket open", WELCOME, lost, NOT_CLEAN);
  }
  await tryIt(page, { accept: "wrong" });
  await page.expectLines(lost, RIGHT);
  await tryIt(page, { violate: "mask" });
  await page.expectLines("# socket error: the connection broke", lost, NOT_CLEAN);
  await expect("the console", true, async () => page.faults.join().includes("must not mask"));
  page.faults.length = 0;
}

async function isReadByAScreenReader({ page }) {
  await openGroups(page);
  const tree = await page.tab.locator("body").ariaSnapshot();
  for (const part of [
    '- heading "ws-echo" [level=1]',
    '- region "Test a client"',
    '- heading "Test a client" [level=2]',
    '- group "Handshake"',
    '- textbox "status"',
    '- group "Each message"',
    '- combobox "violate"',
    'option "mask: a masked frame"',
    '- checkbox "glued"',
    '- button "Try"',
    '- button "Copy"',
    '- button "Clear"',
    '- log "Messages"',
  ]) {
    await expect(part, true, () => tree.includes(part) || tree);
  }
  await expect("controls without a description", [], () =>
    page.tab.locator("fieldset :is(input, select, textarea)").evaluateAll((all) => {
      const described = (it) => document.getElementById(it.getAttribute("aria-describedby"));
      return all.filter((it) => !described(it)?.textContent).map((it) => it.outerHTML);
    }),
  );
}

// Light and dark, wide and narrow, with every group open.
async function looksRight({ browser, url }) {
  for (const [name, options] of [
    ["test-light", { viewport: WIDE, colorScheme: "light" }],
    ["test-dark", { viewport: WIDE, colorScheme: "dark" }],
    ["test-phone", { viewport: PHONE, colorScheme: "light" }],
    ["test-phone-dark", { viewport: PHONE, colorScheme: "dark" }],
  ]) {
    const page = await Page.open(browser, `${url}?delay=10ms&greeting=hello`, options);
    await page.expectText("status", "open");
    await expect("the top is in sight", 0, () => page.tab.evaluate("scrollY"));
    await page.picture(name);
    await openGroups(page);
    await set(page, { "close-answer": `late:${"9".repeat(200)}s` });
    await page.picture(`${name}-open`);
    await page.expectFits();
    await page.expectContrast();
    await tryIt(page, {});
    await page.expectText("target", await page.text("built"));
    await expect("the list and the message are in sight", true, () =>
      page.tab.evaluate(() => {
        const boxes = ["list", "sending"].map((id) => document.getElementById(id));
        const [list, sending] = boxes.map((it) => it.getBoundingClientRect());
        return list.top >= 0 && list.height > innerHeight / 3 && sending.bottom <= innerHeight;
      }),
    );
    await page.expectText("status", "open");
    await page.picture(`${name}-tried`);
    await page.expectNoFaults();
    await page.tab.close();
  }
}

async function main() {
  mkdirSync(folder, { recursive: true });
  // CI may run as root, for which there is no sandbox.
  const args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-smooth-scrolling"];
  const starts = [
    chromium.launch({ executablePath, args }),
    Server.start(0),
    Server.start(0, "--path", "/other"),
  ];
  const [browser, { port }, other] = await Promise.all(starts);
  const url = `http://127.0.0.1:${port}/test`;
  const permissions = ["clipboard-read", "clipboard-write"];
  const page = await Page.open(browser, url, { viewport: WIDE, permissions });
  await Promise.all([
    play(
      { page, other: `ws://127.0.0.1:${other.port}` },
      connectsToItsOwnAddress,
      isFilledWithTheKeyboardAlone,
      isClearedAndCopied,
      saysWhatTheServerSaysAboutAWrongAddress,
      sharesWhatWasTried,
      asksNoOtherServer,
      showsWhatTheServerDoes,
      isReadByAScreenReader,
    ),
    play({ browser, url }, isFilledFromAnAddressThatWasShared, looksRight),
  ]);
  await browser.close();
}

run(main, OVERALL_MS);
