// What the chat does. The latest line of the list stays in sight unless its reader scrolled up.
const LINES_MAX = 1000;
const LINES_SPOKEN_MAX = 10; // by a screen reader, in one frame
const CHARACTERS_SHOWN_MAX = 1000;
const BYTES_SHOWN_MAX = 64;
const TIMES_MAX = 60;
const CHART_HEIGHT = 20;
const AT_END_PIXELS = 2; // they can be fractions
const EARLIER_MAX = 100;
const STATE_INTERVAL_MS = 250;

// When to connect again, and how long to wait before it, are as in `ws-echo chat --reconnect`.
const RETRY_CODES = [1001, 1006, 1011, 1012, 1013, 1014];
const RETRIES_MAX = 100;
const PAUSE_MIN_MS = 500;
const PAUSE_MAX_MS = 30_000;

// RFC 6455 section 7.4.1, and codes registered since.
const CLOSE_CODES = {
  1000: "normal closure",
  1001: "going away",
  1002: "protocol error",
  1003: "unsupported data",
  1005: "without a code",
  1006: "without a Close frame",
  1007: "invalid payload",
  1008: "policy violation",
  1009: "message too big",
  1010: "extension missing",
  1011: "internal error",
  1012: "service restart",
  1013: "try again later",
  1014: "bad gateway",
};

const byId = (id) => document.getElementById(id);
const log = byId("log");
const message = byId("message");
const format = byId("format");
const reconnect = byId("reconnect");
const encoder = new TextEncoder();

const sent = { messages: 0, bytes: 0 };
const received = { messages: 0, bytes: 0 };
const times = []; // the last round-trip times, in ms
let waiting = []; // messages without their echo, the oldest first

const undrawn = []; // lines for the next frame
let dropped = 0; // lines that the list had no room for
let unseen = 0; // lines below what is in sight
let isFollowing = true; // whether the end of the list stays in sight
let size; // of the list, when that was last looked after

const earlier = []; // what was sent, for the arrow keys
let place = 0; // in `earlier`; behind its end is the draft
let draft;

let target; // where the page is connected to
let socket;
let canRetry = false; // whether the last connection was lost
let retries = 0; // attempts without success
let pause = PAUSE_MIN_MS; // at most, before the next attempt
let timer; // of the next attempt
const reasons = new Set(); // why the attempts failed, each of which is listed once

function connect(to) {
  let next;
  try {
    next = new WebSocket(to.address, to.protocols);
  } catch (error) {
    return addEvent(`not connected: ${faultOf(to, error)}`);
  }
  leave();
  if (to !== target) canRetry = false;
  target = to;
  socket = next;
  waiting = [];
  listen(next);
  byId("target").textContent = next.url;
  byId("retry").textContent = retries ? `Attempt ${retries}` : "";
  if (retries === 0) showState("connecting");
}

function listen(to) {
  let openedAt;
  to.binaryType = "arraybuffer";
  to.onopen = () => {
    openedAt = performance.now();
    canRetry = true;
    reasons.clear();
    showEnd("");
    showState("open");
    addEvent(`socket open${to.protocol && ` with subprotocol ${to.protocol}`}`);
  };
  to.onmessage = ({ data }) => receive(typeof data === "string" ? data : new Uint8Array(data));
  // A page is given no further details.
  to.onerror = () =>
    addReason(openedAt === undefined ? `socket error: cannot connect to ${to.url}` : "socket error: the connection broke");
  to.onclose = ({ code, reason, wasClean }) => {
    const meaning = CLOSE_CODES[code] ? ` ${CLOSE_CODES[code]}` : "";
    const end = `${code}${meaning}${reason && `: ${reason}`}`;
    addReason(`socket closed ${end}`);
    showEnd(openedAt === undefined ? `Cannot connect to ${to.url}` : `Closed ${end}`);
    showState(wasClean ? "closed" : "error");
    if (byId("closing").contains(document.activeElement)) reconnect.focus();
    canRetry &&= RETRY_CODES.includes(code);
    if (performance.now() - openedAt > pause) startOver();
    retryLater();
  };
}

// The old connection may still exist, if the server never answers.
function leave() {
  clearTimeout(timer);
  if (!socket) return;
  Object.assign(socket, { onopen: null, onmessage: null, onerror: null, onclose: null });
  if (socket.readyState === WebSocket.OPEN) addEvent("socket closing");
  socket.close();
}

function faultOf({ protocols }, { name }) {
  if (name === "SecurityError") return "this page came over TLS and may use wss:// only";
  const areValid = protocols.every((it) => /^[\w!#$%&'*+.^`|~-]+$/.test(it)) && new Set(protocols).size === protocols.length;
  if (!areValid) return "subprotocols are words of letters, digits and !#$%&'*+-.^_`|~, each written once";
  return "the address must begin with ws:// or wss://, and have no #";
}

function startOver() {
  retries = 0;
  pause = PAUSE_MIN_MS;
}

// What a person asks for is a first attempt, and its reason is listed.
function connectNow(to) {
  startOver();
  reasons.clear();
  isFollowing = true;
  connect(to);
}

function retryLater() {
  clearTimeout(timer);
  byId("retry").textContent = "";
  if (socket.readyState !== WebSocket.CLOSED || !canRetry || !byId("automatic").checked) return;
  if (retries === RETRIES_MAX) return (byId("retry").textContent = `Gave up after ${RETRIES_MAX} attempts`);
  const at = performance.now() + (pause / 2) * (1 + Math.random()); // not all pages at once
  pause = Math.min(2 * pause, PAUSE_MAX_MS);
  retries += 1;
  countDown(at);
}

function countDown(at) {
  const left = at - performance.now();
  if (left <= 0) return connect(target);
  byId("retry").textContent = `Attempt ${retries} in ${Math.ceil(left / 1000)} s`;
  timer = setTimeout(countDown, left % 1000 || 1000, at);
}

function send() {
  isFollowing = true;
  if (socket.readyState !== WebSocket.OPEN) return addEvent("not sent: the socket is not open");
  const data = encode(message.value);
  if (data === undefined) return addEvent("not sent: hex has two digits for each byte, such as c3 9f or 0xc3,0x9f");
  waiting.push({ data, since: performance.now() });
  socket.send(data);
  addMessage("sent", sent, data);
  remember();
  message.value = "";
}

// The message as it is sent, to recognize its echo.
function encode(text) {
  if (format.value === "text") return text.toWellFormed();
  return format.value === "binary" ? encoder.encode(text) : fromHex(text);
}

function fromHex(text) {
  const groups = text.split(/[\s,:]+/).map((it) => it.replace(/^0x/i, ""));
  if (groups.some((it) => it.length % 2 || /[^\da-f]/i.test(it))) return undefined;
  return Uint8Array.from(groups.join("").match(/../g) ?? [], (digits) => parseInt(digits, 16));
}

function receive(data) {
  const now = performance.now();
  if (waiting.length === 0 || !isSame(waiting[0].data, data)) return addMessage("received", received, data);
  const time = now - waiting.shift().since;
  times.push(time);
  if (times.length > TIMES_MAX) times.shift();
  addMessage("received", received, data, milliseconds(time));
}

function close() {
  isFollowing = true;
  if (socket.readyState !== WebSocket.OPEN) return addEvent("not closed: the socket is not open");
  const code = byId("code").value;
  const reason = byId("reason").value;
  try {
    if (code || reason) socket.close(/^\d{4}$/.test(code) ? Number(code) : 0, reason); // 0 is invalid
    else socket.close();
  } catch {
    return addEvent("not closed: the code must be 1000 or 3000 to 4999, and the reason at most 123 bytes");
  }
  canRetry = false;
  addEvent(`socket closing ${code || "without a code"}${reason && `: ${reason}`}`);
  showState("closing");
}

function isSame(a, b) {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

// Keeps what is being sent for the arrow keys.
function remember() {
  const last = earlier.at(-1);
  const isNew = last?.text !== message.value || last.format !== format.value;
  if (message.value && isNew) earlier.push({ text: message.value, format: format.value });
  if (earlier.length > EARLIER_MAX) earlier.shift();
  place = earlier.length;
}

function recall(step) {
  if (place + step < 0 || place + step > earlier.length) return;
  if (place === earlier.length) draft = { text: message.value, format: format.value };
  place += step;
  const { text, format: as } = earlier[place] ?? draft;
  message.value = text;
  format.value = as;
  showFormat();
}

function showEnd(end) {
  byId("end").textContent = end;
  byId("retry").textContent = "";
}

function showState(state) {
  const status = byId("status");
  if (status.textContent !== state) status.textContent = state; // a screen reader announces it
  status.dataset.state = state;
  if (state === "open" && document.activeElement === reconnect) message.focus();
  reconnect.hidden = state === "open";
  // Disabled buttons would lose the focus.
  for (const button of document.querySelectorAll("#sending button, #closing button"))
    button.setAttribute("aria-disabled", state !== "open");
}

function addMessage(kind, counter, data, time) {
  const isText = typeof data === "string";
  const len = isText ? encoder.encode(data).length : data.length;
  counter.messages += 1;
  counter.bytes += len;
  const shown = isText ? start(data) : hex(data.subarray(0, BYTES_SHOWN_MAX));
  const isCut = data.length > (isText ? CHARACTERS_SHOWN_MAX : BYTES_SHOWN_MAX);
  const notes = [!isText && "binary", len === 0 && "empty", isCut && "cut", (isCut || !isText) && bytes(len), time];
  addLine(kind, shown, notes.filter(Boolean).join(", "));
}

function addReason(reason) {
  if (!reasons.has(reason)) addEvent(reason);
  reasons.add(reason);
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
  for (; log.childElementCount - 1 > LINES_MAX; dropped++) byId("dropped").nextElementSibling.remove();
  byId("dropped").hidden = dropped === 0;
  byId("dropped").textContent = `${count(dropped, "earlier line")} dropped: the list keeps the last ${number(LINES_MAX)}`;
  keepEndInSight();
  for (const [name, counter] of [["sent", sent], ["received", received]]) {
    byId(`${name}-messages`).textContent = count(counter.messages, "message");
    byId(`${name}-bytes`).textContent = bytes(counter.bytes);
  }
  drawTimes();
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
  for (const [name, content] of [["span", `${mark} `], ["bdi", text], ["small", note]]) {
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
  chart.setAttribute("aria-label", `Chart of the last ${times.length} round trips: ${range}, median ${median}`);
  byId("round-trip").textContent = milliseconds(times.at(-1));
  byId("median").textContent = `median ${median}`;
  byId("range").textContent = range;
}

// The start of a text, not cut inside a character.
const start = (text) => text.slice(0, CHARACTERS_SHOWN_MAX).replace(/[\ud800-\udbff]$/, "");
const showFormat = () => (message.placeholder = format.selectedOptions[0].dataset.hint);
const addEvent = (text) => addLine("happened", text);
const sizeOfLog = () => `${log.clientWidth} ${log.clientHeight}`;
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
const number = (it) => it.toLocaleString("en");
const count = (many, name) => (many === 1 ? `1 ${name}` : `${number(many)} ${name}s`);
const milliseconds = (time) => `${time.toFixed(time < 100 ? 1 : 0)} ms`;

function bytes(len) {
  if (len < 1024) return `${len} B`;
  return len < 1024 ** 2 ? `${(len / 1024).toFixed(1)} KiB` : `${(len / 1024 ** 2).toFixed(1)} MiB`;
}

function onSubmit(form, run) {
  byId(form).onsubmit = (event) => {
    event.preventDefault();
    run();
  };
}

onSubmit("sending", () => {
  send();
  message.focus();
});
onSubmit("closing", close);
onSubmit("opening", () =>
  connectNow({
    address: byId("address").value.trim(),
    protocols: byId("subprotocols").value.split(/[\s,]+/).filter(Boolean),
  }));
reconnect.onclick = () => {
  connectNow(target);
  message.focus();
};
message.onkeydown = (event) => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step || event.isComposing || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  recall(step);
};
format.onchange = showFormat;
byId("automatic").onchange = retryLater;
byId("unseen").onclick = () => {
  isFollowing = true;
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
// No event reports the server's Close frame before the connection has ended.
setInterval(() => {
  if (byId("status").dataset.state === "open" && socket.readyState === WebSocket.CLOSING) showState("closing");
}, STATE_INTERVAL_MS);

byId("address").value = `${location.protocol.replace("http", "ws")}//${location.host}${location.pathname}${location.search}`;
draw();
connect({ address: byId("address").value, protocols: [] });
