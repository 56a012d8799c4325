// A chat over a WebSocket: sent (>) and received (<) messages and events (#), with an input below.
// Click the address to change it, and the switch to close and to open.
import QtQuick 2.15
import QtWebSockets 1.1

Rectangle {
    id: chat

    property alias url: socket.url
    // Whether the socket should be open. False again once either side has closed it.
    property alias active: socket.active
    readonly property string status: ["connecting", "open", "closing", "closed", "error"][socket.status]
    // Why the last attempt failed. The socket itself clears this with its next status.
    property string errorString
    // How far the socket has come since it was switched on: "", "connecting" or "open".
    property string reached
    property bool isErrorTold
    signal textMessageReceived(string message)

    readonly property alias address: address
    readonly property alias list: list
    readonly property alias input: input

    function sendTextMessage(message) {
        add(">", message);
        socket.sendTextMessage(message);
    }

    // A server must not be able to make the list or its lines grow without limit.
    function add(mark, text) {
        if (lines.count === 1000)
            lines.remove(0);
        lines.append({ mark: mark, text: text.length > 2000 ? text.slice(0, 2000) + "…" : text });
        list.isFollowing = true;
        list.positionViewAtEnd();
    }

    // Once for each attempt, and not for one that was switched off.
    function addError() {
        if (!active || isErrorTold || socket.status !== WebSocket.Error)
            return;
        isErrorTold = true;
        errorString = socket.errorString;
        add("#", "socket error " + errorString);
    }

    function switchOff() {
        if (status === "closed" || status === "error")
            active = false;
    }

    width: 480
    height: 400
    color: "#f7f8fa"

    WebSocket {
        id: socket

        url: "ws://127.0.0.1:3000/"
        active: true
        onTextMessageReceived: function (message) {
            chat.add("<", message);
            chat.textMessageReceived(message);
        }
        onActiveChanged: {
            if (!active)
                return;
            chat.reached = "";
            chat.isErrorTold = false;
            // An address that is wrong again has the same status again: no signal reports it.
            Qt.callLater(chat.addError);
            Qt.callLater(chat.switchOff);
        }
        onStatusChanged: function (status) {
            if (status === WebSocket.Connecting) {
                chat.errorString = "";
                chat.reached = "connecting";
            } else if (status === WebSocket.Open) {
                chat.reached = "open";
                chat.add("#", "socket open");
            } else if (status === WebSocket.Closed) {
                if (chat.reached === "open" || !active)
                    chat.add("#", "socket closed");
                // Later: the reason for a refusal is reported after this status.
                Qt.callLater(chat.switchOff);
            } else if (status === WebSocket.Error) {
                chat.addError();
                if (chat.reached === "")
                    Qt.callLater(chat.switchOff);
            }
        }
    }

    ListModel {
        id: lines
    }

    Rectangle {
        id: header

        width: parent.width
        height: 48

        Rectangle {
            width: parent.width
            height: 1
            anchors.bottom: parent.bottom
            color: "#e4e7eb"
        }

        Rectangle {
            id: light

            readonly property var colors: ({ open: "#2da44e", closed: "#9aa4b2", error: "#cf222e" })

            x: 16
            width: 10
            height: 10
            radius: 5
            anchors.verticalCenter: parent.verticalCenter
            color: colors[chat.status] || "#d4a72c"
        }

        TextInput {
            id: address

            anchors.left: light.right
            anchors.leftMargin: 10
            anchors.right: statusText.left
            anchors.rightMargin: 10
            anchors.verticalCenter: parent.verticalCenter
            clip: true
            color: "#1f2328"
            font.pixelSize: 14
            selectByMouse: true
            text: socket.url
            onAccepted: {
                chat.active = false;
                chat.url = text;
                chat.active = true;
                input.forceActiveFocus();
            }
        }

        Text {
            id: statusText

            anchors.right: toggle.left
            anchors.rightMargin: 12
            anchors.verticalCenter: parent.verticalCenter
            color: "#656d76"
            font.pixelSize: 13
            text: chat.status
        }

        Rectangle {
            id: toggle

            width: 36
            height: 20
            radius: 10
            anchors.right: parent.right
            anchors.rightMargin: 16
            anchors.verticalCenter: parent.verticalCenter
            color: chat.active ? "#2da44e" : "#c4cad2"

            Rectangle {
                x: chat.active ? 18 : 2
                y: 2
                width: 16
                height: 16
                radius: 8
            }

            MouseArea {
                anchors.fill: parent
                onClicked: chat.active = !chat.active
            }
        }
    }

    ListView {
        id: list

        readonly property var colors: ({ ">": "#0969da", "<": "#1f2328", "#": "#818b98" })
        property bool isFollowing: true

        function keepEndInSight() {
            if (isFollowing)
                positionViewAtEnd();
        }

        anchors.top: header.bottom
        anchors.bottom: field.top
        anchors.left: parent.left
        anchors.right: parent.right
        anchors.margins: 16
        clip: true
        spacing: 6
        model: lines
        onMovementEnded: isFollowing = atYEnd
        onHeightChanged: Qt.callLater(keepEndInSight)
        onWidthChanged: Qt.callLater(keepEndInSight)
        delegate: Item {
            id: line

            required property string mark
            required property string text

            width: ListView.view.width
            height: words.height

            Text {
                color: words.color
                font.pixelSize: 14
                text: line.mark
                textFormat: Text.PlainText
            }

            Text {
                id: words

                x: 20
                width: parent.width - x
                color: list.colors[line.mark]
                font.pixelSize: 14
                text: line.text
                textFormat: Text.PlainText
                wrapMode: Text.Wrap
            }
        }
    }

    Rectangle {
        id: field

        height: 40
        radius: 8
        anchors.bottom: parent.bottom
        anchors.left: parent.left
        anchors.right: parent.right
        anchors.margins: 16
        border.color: input.activeFocus ? "#0969da" : "#d0d7de"

        TextInput {
            id: input

            anchors.fill: parent
            anchors.leftMargin: 12
            anchors.rightMargin: 12
            clip: true
            color: "#1f2328"
            focus: true
            font.pixelSize: 14
            selectByMouse: true
            verticalAlignment: TextInput.AlignVCenter
            onAccepted: {
                if (socket.status !== WebSocket.Open)
                    return;
                chat.sendTextMessage(text);
                clear();
            }
        }

        Text {
            anchors.fill: input
            color: "#9aa4b2"
            font.pixelSize: 14
            text: "Message, then Enter"
            verticalAlignment: Text.AlignVCenter
            visible: input.text === ""
        }
    }
}
