// Watches the chat at --url: prints each status, each reason of a failure, each line in the list, and
// the remaining input. After the greeting, --type= is typed into the input. When the text of
// --close-at= is received, the socket is closed. After a failure, --address= is typed into the address.
import QtQuick 2.15

Session {
    id: session

    property int printed: 0

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

    Chat {
        id: chat

        url: session.argument("url")
        anchors.fill: parent
        list.onCountChanged: Qt.callLater(session.printLines)
        onStatusChanged: console.log("status " + status)
        onErrorStringChanged: console.log("reason " + errorString)
        onActiveChanged: {
            if (!active && errorString !== "" && session.argument("address") !== "")
                session.type(address, session.argument("address"));
        }
        onTextMessageReceived: function (message) {
            if (message === "Welcome to Awesome Chat" && session.argument("type") !== "") {
                session.type(input, session.argument("type"));
                console.log("input " + input.text);
            }
            if (message === session.argument("close-at"))
                active = false;
        }
    }
}
