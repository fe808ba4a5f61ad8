// Follows the live events of a hub and proves that none is missing. Node 20 or later, no packages.
//
//   node stream.mjs http://127.0.0.1:5080 [--after TOKEN] [--query lanes=raw] [--events N] [--reconnect-every N]
//
// Writes one event per line to standard output. --events ends after so many events, --reconnect-every drops the connection after so many messages.
import { parseArgs } from 'node:util';

const { values, positionals: [hub] } = parseArgs({
  allowPositionals: true,
  options: { after: { type: 'string' }, query: { type: 'string', default: '' }, events: { type: 'string' }, 'reconnect-every': { type: 'string' } },
});
const wanted = Number(values.events ?? Infinity);
const messagesPerConnection = Number(values['reconnect-every'] ?? Infinity);
const silenceMs = 45_000; // The hub sends its position every 15 s.
let token = values.after; // The id of the last message: where to go on.
let [received, connections] = [0, 0];

// A client that stands at `prev` has missed nothing, whatever its filter selects.
function check(message) {
  if (message.prev === undefined || token === undefined) return;
  const position = Number(token.split('.')[1]);
  if (position !== message.prev) throw new Error(`gap: this client stands at ${position}, the hub goes on after ${message.prev}`);
}

function take(event, id, data) {
  const message = JSON.parse(data);
  if (event === 'error') throw new Error(message.error);
  if (event === 'reset') console.error(`The hub has another history since the last connection. It goes on at ${message.newest}; query from ${message.oldest} on for what is before.`);
  if (event === 'events') {
    check(message);
    for (const one of message.events) console.log(JSON.stringify(one));
    received += message.events.length;
  }
  token = id ?? token; // Only now: what was not taken is sent again.
}

async function follow() {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), silenceMs);
  const headers = { accept: 'text/event-stream', ...(token && { 'last-event-id': token }) };
  const response = await fetch(`${hub.replace(/\/$/, '')}/api/events/live?${values.query}`, { headers, signal: abort.signal });
  if (!response.ok) throw Object.assign(new Error(await response.text()), { isFinal: response.status === 400 });
  connections++;
  try {
    let [text, messages] = ['', 0];
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(), silenceMs);
      const blocks = (text + part).split('\n\n');
      text = blocks.pop();
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
        if (fields.data === undefined) continue;
        take(fields.event, fields.id, fields.data);
        if (received >= wanted || ++messages >= messagesPerConnection) return;
      }
    }
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

while (received < wanted) {
  try {
    await follow();
  } catch (error) {
    if (error.isFinal || error.message.startsWith('gap')) {
      console.error(error.message);
      process.exit(1);
    }
    console.error(`Reconnecting: ${error.message}`);
    await new Promise(resolve => setTimeout(resolve, 1_000));
  }
}
console.error(`${received} events over ${connections} connections`);
