// Sessions of Node's `ws` 8 (npm) with the echo server.
//
//     NODE_PATH=the folder that holds ws  node ws_client.cjs URL
//
// The server at URL greets with WELCOME and echoes every message. Prints the name of each session,
// and `ok` at the end. If an answer is wrong, prints the expected and the actual one and exits with
// status 1.
"use strict";

const { WebSocket } = require("ws");
const { Difference, run } = require("./session.cjs");

const WELCOME = "Welcome to Awesome Chat";
const OVERALL_MS = 60_000;
const ANSWER_MS = 20_000;
const MIB = 1 << 20;
// 10 bytes in 5 characters, of 1, 2, 3 and 4 bytes each.
const TEXT_OF_1_MIB = "aß水🦀".repeat(Math.floor(MIB / 10)) + "🦀ß";

const url = process.argv[2];

const show = (value) => {
  if (value.length > 80) return `${show(value.slice(0, 60))}... (length ${value.length})`;
  return Buffer.isBuffer(value) ? `binary ${value.toString("hex")}` : JSON.stringify(value);
};

const same = (a, b) => (Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : a === b);

function expect(what, expected, actual) {
  if (same(expected, actual)) return;
  throw new Difference(`${what}: expected ${show(expected)}\n${what}: got      ${show(actual)}`);
}

// The events received by `ws`, in order: ["message", text or Buffer], ["pong", Buffer], ["close", code].
class Client {
  constructor(perMessageDeflate, protocols) {
    this.arrived = [];
    this.wake = () => {};
    // A server with small buffers sends a long message in many fragments.
    this.ws = new WebSocket(url, protocols, { perMessageDeflate, maxFragments: 0 });
    this.ws.on("message", (data, isBinary) => this.#add("message", isBinary ? data : data.toString()));
    this.ws.on("pong", (data) => this.#add("pong", data));
    this.ws.on("close", (code) => this.#add("close", code));
    this.ws.on("error", (error) => this.#add("error", error.message));
  }

  #add(kind, value) {
    this.arrived.push([kind, value]);
    this.wake();
  }

  async expect(what, kind, value) {
    if (this.arrived.length === 0) await this.#wait(what, kind);
    const [gotKind, gotValue] = this.arrived.shift();
    expect(what, kind, gotKind === kind ? kind : `${gotKind} ${show(gotValue)}`);
    expect(what, value, gotValue);
  }

  #wait(what, kind) {
    return new Promise((resolve, reject) => {
      const late = new Difference(`${what}: expected a ${kind}\n${what}: got      nothing`);
      const timer = setTimeout(reject, ANSWER_MS, late);
      this.wake = () => (clearTimeout(timer), resolve());
    });
  }

  async expectEcho(what, message) {
    this.ws.send(message);
    await this.expect(what, "message", message);
  }

  // A Pong arrives after everything that the server still had to send.
  async expectNothingMore(what) {
    this.ws.ping("nothing more");
    await this.expect(what, "pong", Buffer.from("nothing more"));
  }

  async close(code, reason) {
    this.ws.close(code, reason);
    await this.expect(`close ${code}`, "close", code);
  }
}

function pattern(size) {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = Math.imul(i, 0x9e3779b1) >>> 24;
  return bytes;
}

const numbered = (make) => Array.from({ length: 1000 }, (_, i) => make(i));

async function expectBurst(client, messages) {
  for (const message of messages) client.ws.send(message);
  for (const [i, message] of messages.entries()) {
    await client.expect(`message ${i} of ${messages.length}`, "message", message);
  }
}

const sessions = {
  async text(client) {
    await client.expectEcho("text", "héllo\n\0\ufeff 水 🦀");
    await client.expectEcho("empty text", "");
    await client.expectEcho("1 MiB of text", TEXT_OF_1_MIB);
  },

  async binary(client) {
    await client.expectEcho("binary", Buffer.from([0, 1, 127, 128, 254, 255]));
    await client.expectEcho("empty binary", Buffer.alloc(0));
    for (const size of [125, 126, 65_535, 65_536, MIB, 16 * MIB]) {
      await client.expectEcho(`${size} bytes`, pattern(size));
    }
  },

  async "fragments with a ping between"(client) {
    client.ws.send("one ", { fin: false });
    client.ws.ping("between");
    client.ws.send("two ", { fin: false });
    client.ws.send("", { fin: false });
    client.ws.send("three", { fin: true });
    await client.expect("pong between fragments", "pong", Buffer.from("between"));
    await client.expect("fragments", "message", "one two three");
  },

  async ping(client) {
    for (const payload of [Buffer.from("payload"), Buffer.alloc(0), pattern(125)]) {
      client.ws.ping(payload);
      await client.expect("pong", "pong", payload);
    }
  },

  async "burst of text"(client) {
    await expectBurst(client, numbered((i) => `message ${i}`));
  },

  async "burst of text and binary"(client) {
    await expectBurst(client, numbered((i) => (i % 3 ? pattern(i % 300) : `${i}ß`.repeat(i % 50))));
  },
};

const closes = [[1000, ""], [3000, "three"], [4999, "four ß"]];

async function greeted(perMessageDeflate) {
  const client = new Client(perMessageDeflate, []);
  await client.expect("greeting", "message", WELCOME);
  // Some servers of ours negotiate it.
  if (perMessageDeflate && client.ws.extensions) {
    expect("extensions", "permessage-deflate", client.ws.extensions);
  } else {
    expect("extensions", "", client.ws.extensions);
  }
  return client;
}

async function play(perMessageDeflate) {
  for (const [name, session] of Object.entries(sessions)) {
    console.log(name);
    const client = await greeted(perMessageDeflate);
    await session(client);
    await client.expectNothingMore(`after ${name}`);
    await client.close(1000, "");
  }
  console.log("close");
  for (const [code, reason] of closes) {
    await (await greeted(perMessageDeflate)).close(code, reason);
  }
  console.log("subprotocol"); // `ws` itself fails if none of its offers is chosen
  const client = new Client(perMessageDeflate, ["chat", "superchat"]);
  await client.expect("subprotocol", "error", "Server sent no subprotocol");
}

async function main() {
  for (const perMessageDeflate of [false, true]) {
    console.log(`perMessageDeflate: ${perMessageDeflate}`);
    await play(perMessageDeflate);
  }
}

run(main, OVERALL_MS);
