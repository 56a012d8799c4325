// Messages that show how a client compresses (permessage-deflate), for every client with the API
// of browsers. The server greets with WELCOME and echoes every message.

const WELCOME = "Welcome to Awesome Chat";
const ANSWER_MS = 20_000;
const MIB = 1 << 20;

// Messages of some MiB too, or none of them.
export const LONG = "long";
export const SHORT = "short";

// A record as programs send them. Its names are those of each other record, and most of its values
// too: a compressor that keeps its window refers to the records before.
export function record(number) {
  const items = Array.from({ length: 40 }, (_, i) => ({
    name: `item ${(number + i) % 50}`,
    price: (number * 7919 + i * 104729) % 10_000,
  }));
  return JSON.stringify({ type: "order", number, items });
}

// Bytes that no compressor makes shorter.
export function random(length) {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = length + 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

// Letters of two bytes in UTF-8.
const cyrillic = (length) =>
  String.fromCharCode(...Array.from(random(length), (byte) => 0x430 + (byte % 32)));

function textOf3Mib() {
  const records = Array.from({ length: 3000 }, (_, number) => record(number));
  return records.join("\n").slice(0, 3 * MIB).padEnd(3 * MIB);
}

const show = (value) => {
  if (value.length > 80) return `${show(value.slice(0, 60))}... (length ${value.length})`;
  return typeof value === "string" ? JSON.stringify(value) : `binary [${value}]`;
};

const same = (a, b) =>
  typeof a === "string" || typeof b === "string"
    ? a === b
    : a.length === b.length && a.every((byte, i) => byte === b[i]);

// What has arrived through a socket, in order: texts, bytes and, after the end, its close code.
export class Client {
  constructor(socket) {
    this.socket = socket;
    this.arrived = [];
    this.wake = () => {};
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) =>
      this.#add(typeof data === "string" ? data : new Uint8Array(data));
    socket.onerror = ({ message }) => this.#add(`error: ${message ?? ""}`);
    socket.onclose = ({ code }) => this.#add(`closed with ${code}`);
  }

  #add(value) {
    this.arrived.push(value);
    this.wake();
  }

  async expect(what, expected) {
    if (this.arrived.length === 0) await this.#wait(what);
    const actual = this.arrived.shift();
    if (same(expected, actual)) return;
    throw new Error(`${what}: expected ${show(expected)}\n${what}: got      ${show(actual)}`);
  }

  #wait(what) {
    return new Promise((resolve, reject) => {
      const late = new Error(`${what}: nothing has arrived`);
      const timer = setTimeout(reject, ANSWER_MS, late);
      this.wake = () => (clearTimeout(timer), resolve());
    });
  }

  async expectEcho(what, message, ...options) {
    this.socket.send(message, ...options);
    await this.expect(what, message);
  }

  // Before any other message.
  async greeted() {
    await this.expect("greeting", WELCOME);
  }

  async play(lengths) {
    await this.expectEcho("empty text", "");
    await this.expectEcho("empty binary", new Uint8Array(0));
    for (let i = 0; i < 10; i++) await this.expectEcho(`record ${i}`, record(i));
    await this.expectEcho("70,000 random bytes", random(70_000));
    await this.expectEcho("20,000 letters of two bytes", cyrillic(20_000));
    if (lengths === LONG) {
      await this.expectEcho("2 MiB of random bytes", random(2 * MIB));
      await this.expectEcho("3 MiB of text", textOf3Mib());
    }
    await this.#burst();
  }

  async #burst() {
    const bytes = new TextEncoder();
    const message = (i) => (i % 3 ? record(i) : bytes.encode(record(i)));
    for (let i = 0; i < 200; i++) this.socket.send(message(i));
    for (let i = 0; i < 200; i++) await this.expect(`message ${i} of 200`, message(i));
  }

  async close() {
    this.socket.close(1000);
    await this.expect("close", "closed with 1000");
  }
}
