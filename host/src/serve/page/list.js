// The list of messages and events, and the figures above it. The number of lines is bounded. The
// end of the list stays in sight unless its reader scrolled up. What is received is only text.
const LINES_MAX = 1000;
const LINES_SPOKEN_MAX = 10; // by a screen reader, in one frame
const CHARACTERS_SHOWN_MAX = 1000;
const BYTES_SHOWN_MAX = 64;
const TIMES_MAX = 60;
const CHART_HEIGHT = 20;
const AT_END_PIXELS = 2; // they can be fractions

const byId = (id) => document.getElementById(id);
const log = byId("log");
const encoder = new TextEncoder();

const sent = { messages: 0, bytes: 0 };
const received = { messages: 0, bytes: 0 };
const times = []; // the last round-trip times, in ms

const undrawn = []; // lines for the next frame
let dropped = 0; // lines that the list had no room for
let unseen = 0; // lines below what is in sight
let isFollowing = true; // whether the end of the list stays in sight
let size; // of the list, when that was last looked after

// Brings the end of the list in sight.
function follow() {
  isFollowing = true;
}

function addTime(time) {
  times.push(time);
  if (times.length > TIMES_MAX) times.shift();
}

function addMessage(kind, counter, data, time) {
  const isText = typeof data === "string";
  const len = isText ? encoder.encode(data).length : data.length;
  counter.messages += 1;
  counter.bytes += len;
  const shown = isText ? start(data) : hex(data.subarray(0, BYTES_SHOWN_MAX));
  const isCut = data.length > (isText ? CHARACTERS_SHOWN_MAX : BYTES_SHOWN_MAX);
  const notes = [];
  if (!isText) notes.push("binary");
  if (len === 0) notes.push("empty");
  if (isCut) notes.push("cut");
  if (isCut || !isText) notes.push(bytes(len));
  if (time) notes.push(time);
  addLine(kind, shown, notes.join(", "));
}

function addEvent(text) {
  addLine("happened", text);
}

function addLine(...line) {
  undrawn.push(line);
  if (undrawn.length > LINES_MAX) {
    undrawn.shift();
    dropped += 1;
  }
  if (undrawn.length === 1) requestAnimationFrame(draw);
}

// Runs at most once per frame, no matter how much is received.
function draw() {
  log.setAttribute("aria-live", undrawn.length > LINES_SPOKEN_MAX ? "off" : "polite");
  unseen += undrawn.length;
  log.append(...undrawn.splice(0).map((line) => drawLine(...line)));
  drop();
  keepEndInSight();
  for (const [name, counter] of [
    ["sent", sent],
    ["received", received],
  ]) {
    byId(`${name}-messages`).textContent = count(counter.messages, "message");
    byId(`${name}-bytes`).textContent = bytes(counter.bytes);
  }
  drawTimes();
}

function drop() {
  const notice = log.firstElementChild;
  for (; log.childElementCount - 1 > LINES_MAX; dropped++) notice.nextElementSibling.remove();
  const lines = count(dropped, "earlier line");
  notice.textContent = `${lines} dropped: the list keeps the last ${number(LINES_MAX)}`;
  notice.hidden = dropped === 0;
}

function keepEndInSight() {
  if (isFollowing) log.scrollTop = log.scrollHeight;
  showUnseen();
}

function showUnseen() {
  if (isFollowing) unseen = 0;
  byId("unseen").hidden = unseen === 0;
  byId("unseen").textContent = `${number(unseen)} new`;
}

function drawLine(kind, text, note = "") {
  const line = document.createElement("p");
  line.className = kind;
  const mark = { sent: ">", received: "<", happened: "#" }[kind];
  for (const [name, content] of [
    ["span", `${mark} `],
    ["bdi", text],
    ["small", note],
  ]) {
    const part = document.createElement(name);
    part.textContent = content;
    line.append(part);
  }
  return line;
}

function drawTimes() {
  const chart = byId("chart");
  if (times.length === 0) {
    byId("round-trip").textContent = "–";
    byId("median").textContent = "no echo yet";
    return chart.setAttribute("aria-label", "Chart of round trips: no echo yet");
  }
  const sorted = times.toSorted((a, b) => a - b);
  const most = sorted.at(-1);
  const median = milliseconds(sorted[times.length >> 1]);
  const range = `${milliseconds(sorted[0])} to ${milliseconds(most)}`;
  const bars = times.map((time, i) => {
    const height = 1 + (CHART_HEIGHT - 1) * (time / (most || 1));
    return `M${TIMES_MAX - times.length + i + 0.5} ${CHART_HEIGHT}v${-height}`;
  });
  chart.firstElementChild.setAttribute("d", bars.join(""));
  const label = `Chart of the last ${times.length} round trips: ${range}, median ${median}`;
  chart.setAttribute("aria-label", label);
  byId("round-trip").textContent = milliseconds(times.at(-1));
  byId("median").textContent = `median ${median}`;
  byId("range").textContent = range;
}

// The start of a text, not cut inside a character.
const start = (text) => text.slice(0, CHARACTERS_SHOWN_MAX).replace(/[\ud800-\udbff]$/, "");
const sizeOfLog = () => `${log.clientWidth} ${log.clientHeight}`;
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
const number = (it) => it.toLocaleString("en");
const count = (many, name) => (many === 1 ? `1 ${name}` : `${number(many)} ${name}s`);
const milliseconds = (time) => `${time.toFixed(time < 100 ? 1 : 0)} ms`;

function bytes(len) {
  if (len < 1024) return `${len} B`;
  return len < 1024 ** 2 ? `${(len / 1024).toFixed(1)} KiB` : `${(len / 1024 ** 2).toFixed(1)} MiB`;
}

byId("unseen").onclick = () => {
  follow();
  keepEndInSight();
  log.focus({ preventScroll: true });
};
log.onscroll = () => {
  if (sizeOfLog() !== size) return; // nobody scrolled
  isFollowing = log.scrollTop + log.clientHeight > log.scrollHeight - AT_END_PIXELS;
  showUnseen(); // to move the list here would stop a smooth scroll
};
new ResizeObserver(() => {
  size = sizeOfLog();
  keepEndInSight();
}).observe(log);
