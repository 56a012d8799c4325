// Watches the chat at --url: prints each status, each reason of a failure, each line in the list,
// the remaining input, and how often the socket was switched off. After the greeting, --type= is
// typed into the input. When the text of --close-at= is received, the socket is closed. After a
// failure, --address= is typed into the address. The socket is switched on until there were
// --attempts=. When the text of --shrink-at= is received, the window becomes lower: prints whether
// its list is at the end.
import QtQuick 2.15

Session {
    id: session

    property int printed: 0
    property int attempts: 0

    function type(field, text) {
        field.text = text;
        field.accepted();
    }

    function printLines() {
        for (; printed < chat.list.count; printed++) {
            chat.list.positionViewAtIndex(printed, ListView.Contain); // lines out of view have no item
            const line = chat.list.itemAtIndex(printed);
            for (let i = 0; i < line.children.length; i++) {
                if (line.children[i].textFormat !== Text.PlainText)
                    console.log("is not shown as plain text:");
            }
            console.log(line.mark + " " + line.text);
        }
    }

    function afterAnAttempt() {
        printLines();
        attempts += 1;
        console.log("switched off " + attempts);
        if (attempts < Number(argument("attempts")))
            chat.active = true;
    }

    function afterShrinking() {
        console.log("list of " + chat.list.height + " at its end: " + chat.list.atYEnd);
    }

    Chat {
        id: chat

        url: session.argument("url")
        anchors.fill: parent
        list.onCountChanged: Qt.callLater(session.printLines)
        onStatusChanged: console.log("status " + status)
        onErrorStringChanged: console.log("reason " + errorString)
        list.onHeightChanged: {
            if (session.height === 200)
                Qt.callLater(() => Qt.callLater(session.afterShrinking)); // after the chat's own
        }
        onActiveChanged: {
            if (!active)
                Qt.callLater(session.afterAnAttempt);
            if (!active && errorString !== "" && session.argument("address") !== "")
                session.type(address, session.argument("address"));
        }
        onTextMessageReceived: function (message) {
            if (message === "Welcome to Awesome Chat" && session.argument("type") !== "") {
                session.type(input, session.argument("type"));
                console.log("input " + input.text);
            }
            if (message === session.argument("shrink-at"))
                session.height = 200;
            if (message === session.argument("close-at"))
                active = false;
        }
    }
}
