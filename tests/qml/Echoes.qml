// Sends messages to the echo server at --url, and expects each of them back after the greeting, in
// order and unchanged. Then closes the socket.
import QtQuick 2.15
import QtWebSockets 1.1

Session {
    id: session

    // Messages that are all sent before their echoes are awaited.
    readonly property var batches: [
        [""],
        ["héllo\n\0 水 🦀"],
        ["aß水🦀".repeat(20000)],
        // Qt sends fragments of 524,288 bytes: each of these messages has a character that is cut there.
        ["水".repeat(400000)],
        ["a" + "🦀".repeat(300000)],
        [new ArrayBuffer(0)],
        [new Uint8Array([0, 1, 127, 128, 254, 255]).buffer],
        [pattern(200000)],
        [pattern(1200000)],
        Array.from({ length: 1000 }, (_, i) => i % 3 ? "message " + i : pattern(i)),
    ]
    property var awaited: ["Welcome to Awesome Chat"]

    function pattern(len) {
        return Uint8Array.from({ length: len }, (_, i) => (i * 31) >> 3).buffer;
    }

    // Qt 6.4 delivers an empty message as an ArrayBuffer without a usable length.
    function bytes(buffer) {
        try {
            return new Uint8Array(buffer);
        } catch (error) {
            return new Uint8Array(0);
        }
    }

    function isSame(a, b) {
        if (typeof a === "string" || typeof b === "string")
            return a === b;
        const [left, right] = [bytes(a), bytes(b)];
        return left.length === right.length && left.every((value, i) => value === right[i]);
    }

    function show(message) {
        return typeof message === "string" ? JSON.stringify(message.slice(0, 60)) + " of length " + message.length
                                           : "binary of length " + bytes(message).length;
    }

    function take(message) {
        if (awaited.length === 0)
            fail("nothing was awaited, and there came " + show(message));
        const expected = awaited.shift();
        if (!isSame(expected, message))
            fail("expected " + show(expected) + ", and there came " + show(message));
        if (awaited.length === 0)
            sendNext();
    }

    function sendNext() {
        if (batches.length === 0) {
            socket.active = false;
            return;
        }
        awaited = batches.shift();
        for (const message of awaited) {
            if (typeof message === "string")
                socket.sendTextMessage(message);
            else
                socket.sendBinaryMessage(message);
        }
    }

    WebSocket {
        id: socket

        url: session.argument("url")
        active: true
        onTextMessageReceived: message => session.take(message)
        onBinaryMessageReceived: message => session.take(message)
        onStatusChanged: function (status) {
            if (status === WebSocket.Error)
                session.fail(errorString);
            if (status !== WebSocket.Closed)
                return;
            if (session.awaited.length > 0 || session.batches.length > 0)
                session.fail("closed before the end");
            session.succeed();
        }
    }
}
