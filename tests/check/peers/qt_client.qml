// Qt's WebSocket, for QML, as it is. It does not compress.
//
//   qmlscene qt_client.qml --address=ADDRESS
import QtQuick 2.15
import QtWebSockets 1.1

Item {
    id: client

    property string server: "ws://" + argument("--address=")
    property int count: 0
    property int number: 0

    function argument(name) {
        return Qt.application.arguments.find(it => it.startsWith(name)).slice(name.length);
    }

    function next() {
        number += 1;
        if (number <= count)
            socket.url = server + "/runCase?case=" + number + "&agent=qt";
        else if (number === count + 1)
            socket.url = server + "/updateReports?agent=qt";
        else
            return Qt.quit();
        socket.active = true;
    }

    WebSocket {
        id: socket
        url: client.server + "/getCaseCount"
        active: true
        onTextMessageReceived: message => {
            if (client.number === 0)
                client.count = Number(message);
            else
                sendTextMessage(message);
        }
        onBinaryMessageReceived: message => sendBinaryMessage(message)
        onStatusChanged: {
            if (status !== WebSocket.Closed && status !== WebSocket.Error)
                return;
            active = false;
            step.restart();
        }
    }

    // Outside the handler: a socket may not be opened while it closes.
    Timer {
        id: step
        interval: 1
        onTriggered: client.next()
    }
}
