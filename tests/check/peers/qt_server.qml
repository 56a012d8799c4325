// Qt's WebSocketServer, for QML. It does not compress; its limits cannot be set from QML.
//
//   qmlscene qt_server.qml --port=PORT
import QtQuick 2.15
import QtWebSockets 1.1

Item {
    id: echo

    // QML would collect a socket that nothing refers to.
    property var sockets: []

    WebSocketServer {
        host: "127.0.0.1"
        port: Number(Qt.application.arguments.find(it => it.startsWith("--port=")).slice(7))
        listen: true
        onClientConnected: socket => {
            echo.sockets.push(socket);
            socket.textMessageReceived.connect(message => socket.sendTextMessage(message));
            socket.binaryMessageReceived.connect(message => socket.sendBinaryMessage(message));
            socket.statusChanged.connect(status => {
                if (status === WebSocket.Closed || status === WebSocket.Error)
                    echo.sockets = echo.sockets.filter(it => it !== socket);
            });
        }
    }
}
