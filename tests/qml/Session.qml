// What the sessions in this folder share: arguments (--name=value), an end that is `ok` or an error
// message, and a time limit.
import QtQuick 2.15

Item {
    id: session

    function argument(name) {
        const start = "--" + name + "=";
        const given = Qt.application.arguments.find(it => it.startsWith(start));
        return given === undefined ? "" : given.slice(start.length);
    }

    function succeed() {
        console.log("ok");
        Qt.quit();
    }

    function fail(reason) {
        Qt.callLater(Qt.exit, 1); // only an event loop can exit, and there may be none yet
        throw new Error(reason);
    }

    width: 480
    height: 400

    Timer {
        interval: 80000
        running: true
        onTriggered: session.fail("no end within 80 s")
    }
}
