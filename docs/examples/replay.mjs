// Replays stored events of a hub, forward or backward; after a dropped connection it goes on exactly where it was. Node 22, or Node 20 with --experimental-websocket; no packages.
//
//   node --experimental-websocket replay.mjs http://127.0.0.1:5080 --start 2026-01-26T10:00:00Z [--stop TIME] [--rate=-10] [--timebase source] [--lanes raw,parsed]
//       [--skip-gaps] [--events N] [--reconnect-every N]
//
// Writes one event per line to standard output. Without --stop a replay forward goes on live at the newest event. Times are ISO 8601 or Unix microseconds.
// --events ends after so many events, --reconnect-every drops the connection after so many messages.
import { parseArgs } from 'node:util';

const { values, positionals: [hub] } = parseArgs({
  allowPositionals: true,
  options: {
    start: { type: 'string' }, stop: { type: 'string' }, rate: { type: 'string', default: '1' }, timebase: { type: 'string', default: 'canonical' }, lanes: { type: 'string' },
    'skip-gaps': { type: 'boolean', default: false }, events: { type: 'string' }, 'reconnect-every': { type: 'string' },
  },
});
const wanted = Number(values.events ?? Infinity);
const messagesPerConnection = Number(values['reconnect-every'] ?? Infinity);
const filters = values.lanes && { lanes: values.lanes.split(',') };
const replay = {
  startTime: microseconds(values.start), stopTime: microseconds(values.stop), rate: Number(values.rate), timebase: values.timebase, skipGaps: values['skip-gaps'], filters,
};
let [cursor, token, position] = []; // Where to go on: the cursor of a replay, and once it is live the token.
let [received, connections, isComplete] = [0, 0, false];

function microseconds(text) {
  return text === undefined ? undefined : /^\d+$/.test(text) ? Number(text) : Date.parse(text) * 1000;
}

function take(message, stream) {
  if (message.type === 'error') throw Object.assign(new Error(message.error), { isFinal: true });
  if (message.type === 'streamStarted') Object.assign(stream, { id: message.playbackRequestId, epoch: message.epoch });
  if (message.playbackRequestId !== stream.id) throw Object.assign(new Error('a message of another stream'), { isFinal: true });
  if (message.type === 'reset') console.error(`The hub has another history since the last connection. It goes on at ${message.newest}.`);
  if (message.type === 'streamComplete') isComplete = true;
  if (message.type !== 'streamChunk') return;
  if (message.prev === undefined) {
    cursor = message.cursor;
  } else {
    // A client that stands at `prev` has missed nothing, whatever its filter selects.
    if (position !== undefined && position !== message.prev) throw Object.assign(new Error(`gap: this client stands at ${position}, the hub goes on after ${message.prev}`), { isFinal: true });
    position = message.position;
    token = `${stream.epoch}.${position}`;
  }
  for (const one of message.events) console.log(JSON.stringify(one));
  received += message.events.length;
}

function play() {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${hub.replace(/^http/, 'ws').replace(/\/$/, '')}/ws`);
    const stream = {};
    let [messages, isOver] = [0, false];
    const end = (settle, value) => {
      isOver = true; // What still comes is sent again on the next connection.
      socket.close();
      settle(value);
    };
    socket.onopen = () => {
      connections++;
      socket.send(JSON.stringify({ type: 'startStream', ...(token ? { after: token, filters } : { ...replay, cursor }) }));
    };
    socket.onmessage = ({ data }) => {
      if (isOver) return;
      try {
        take(JSON.parse(data), stream);
        if (isComplete || received >= wanted || ++messages > messagesPerConnection) end(resolve); // The first one is streamStarted.
      } catch (error) {
        end(reject, error);
      }
    };
    socket.onerror = event => end(reject, new Error(event.message ?? 'the connection failed'));
    socket.onclose = () => isOver || end(reject, new Error('the hub closed the connection'));
  });
}

while (!isComplete && received < wanted) {
  try {
    await play();
  } catch (error) {
    if (error.isFinal) {
      console.error(error.message);
      process.exit(1);
    }
    console.error(`Reconnecting: ${error.message}`);
    await new Promise(resolve => setTimeout(resolve, 1_000));
  }
}
console.error(`${received} events over ${connections} connections`);
