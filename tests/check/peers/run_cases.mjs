// Runs Autobahn's cases with a WebSocket as browsers have it: everything is echoed.

export async function runCases(WebSocket, address, agent) {
  const exchange = (resource, receive) =>
    new Promise((resolve) => {
      const socket = new WebSocket(`ws://${address}${resource}`);
      socket.binaryType = "arraybuffer";
      socket.onmessage = ({ data }) => receive(socket, data);
      socket.onerror = () => {};
      socket.onclose = resolve;
    });
  const echo = (socket, data) => socket.send(data);
  let count = 0;
  await exchange("/getCaseCount", (_, data) => (count = Number(data)));
  for (let number = 1; number <= count; number++) {
    await exchange(`/runCase?case=${number}&agent=${agent}`, echo);
  }
  await exchange(`/updateReports?agent=${agent}`, echo);
}
