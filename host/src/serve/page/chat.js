// The connection of the chat, and what a person does with it: connects, sends, closes. What happens
// goes into the list, which is in list.js.
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

const message = byId("message");
const format = byId("format");
const reconnect = byId("reconnect");

let waiting = []; // messages without their echo, the oldest first

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
  document.dispatchEvent(new CustomEvent("connecting", { detail: next })); // for the test page
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
  to.onerror = () => {
    const reason = openedAt === undefined ? `cannot connect to ${to.url}` : "the connection broke";
    addReason(`socket error: ${reason}`);
  };
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
  const areTokens = protocols.every((it) => /^[\w!#$%&'*+.^`|~-]+$/.test(it));
  if (!areTokens || new Set(protocols).size < protocols.length)
    return "subprotocols are words of letters, digits and !#$%&'*+-.^_`|~, each written once";
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
  follow();
  connect(to);
}

function retryLater() {
  clearTimeout(timer);
  byId("retry").textContent = "";
  if (socket.readyState !== WebSocket.CLOSED || !canRetry || !byId("automatic").checked) return;
  if (retries === RETRIES_MAX) {
    byId("retry").textContent = `Gave up after ${RETRIES_MAX} attempts`;
    return;
  }
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
  follow();
  if (socket.readyState !== WebSocket.OPEN) return addEvent("not sent: the socket is not open");
  const data = encode(message.value);
  if (data === undefined)
    return addEvent("not sent: hex has two digits for each byte, such as c3 9f or 0xc3,0x9f");
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
  if (waiting.length === 0 || !isSame(waiting[0].data, data))
    return addMessage("received", received, data);
  const time = now - waiting.shift().since;
  addTime(time);
  addMessage("received", received, data, milliseconds(time));
}

function close() {
  follow();
  if (socket.readyState !== WebSocket.OPEN) return addEvent("not closed: the socket is not open");
  const code = byId("code").value;
  const reason = byId("reason").value;
  try {
    const invalid = 0;
    if (code || reason) socket.close(/^\d{4}$/.test(code) ? Number(code) : invalid, reason);
    else socket.close();
  } catch {
    return addEvent(
      "not closed: the code must be 1000 or 3000 to 4999, and the reason at most 123 bytes",
    );
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

function showFormat() {
  message.placeholder = format.selectedOptions[0].dataset.hint;
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

function addReason(reason) {
  if (!reasons.has(reason)) addEvent(reason);
  reasons.add(reason);
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
    protocols: byId("subprotocols")
      .value.split(/[\s,]+/)
      .filter(Boolean),
  }),
);
reconnect.onclick = () => {
  connectNow(target);
  message.focus();
};
message.onkeydown = (event) => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const isPlain = !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey);
  if (!step || !isPlain || event.isComposing) return;
  event.preventDefault();
  recall(step);
};
format.onchange = showFormat;
byId("automatic").onchange = retryLater;
// No event reports the server's Close frame before the connection has ended.
setInterval(() => {
  const isShownOpen = byId("status").dataset.state === "open";
  if (isShownOpen && socket.readyState === WebSocket.CLOSING) showState("closing");
}, STATE_INTERVAL_MS);

const { protocol, host, pathname, search } = location;
byId("address").value = `${protocol.replace("http", "ws")}//${host}${pathname}${search}`;
draw();
connect({ address: byId("address").value, protocols: [] });
