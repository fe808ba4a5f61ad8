// Rows of events as the table of the page has them, for those that arrive while it is open.

const PreviewLength = 160;
const PreviewBytes = 8;
const PreviewText = 40;
const Units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
const Json = { metadata: 'payload', parsed: 'payload', command: 'payload', ui: 'data' };

/** Microseconds since 1970 of an RFC 3339 time; NaN of another text. */
export function microseconds(text) {
  const [, whole, fraction = '', zone] = /^(.{19})(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/i.exec(text) ?? [];
  return Date.parse(`${whole}${zone}`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

export const timeOf = (event, timebase) => microseconds(timebase === 'source' ? event.sourceTruthTime : event.canonicalTruthTime);

/** A row of the table; `clock` writes a time in microseconds. */
export function rowOf(event, { timebase, clock, linkOf }) {
  const row = document.createElement('tr');
  const time = document.createElement('th');
  time.scope = 'row';
  time.append(Object.assign(document.createElement('a'), { href: linkOf(event, false), textContent: clock(timeOf(event, timebase)) }));
  const lane = document.createElement('span');
  lane.className = `lane ${event.lane}`;
  lane.textContent = event.lane;
  const preview = Object.assign(document.createElement('a'), { href: linkOf(event, true), title: 'Open in the side' });
  preview.append(Object.assign(document.createElement('code'), { textContent: previewOf(event) }));
  row.append(time, cell(lane), cell(identityOf(event), 'cut'), cell(typeOf(event), 'cut'), cell(event.scopeId, 'cut'), cell(sizeText(sizeOf(event)), 'size'), cell(preview, 'preview'));
  row.dataset.event = event.eventId;
  return row;
}

function cell(content, name) {
  const made = document.createElement('td');
  if (name) made.className = name;
  made.append(content);
  return made;
}

function identityOf(event) {
  switch (event.lane) {
    case 'raw': return `${event.connectionId} #${event.sequence}`;
    case 'parsed': return event.streamId;
    case 'command': return event.requestId ?? `${event.commandId}:${event.messageType}`;
    case 'ui': return `${event.systemId}|${event.containerId}|${event.uniqueId}:${event.viewId}`;
    default: return `${event.streamId ?? event.manifestId}:${event.messageType}`;
  }
}

function typeOf(event) {
  if (event.lane === 'parsed') return event.streamType;
  if (event.lane === 'command') return `${event.messageType} ${event.commandType}`;
  return event.messageType ?? 'frame';
}

const contentOf = event => event.lane in Json ? JSON.stringify(event[Json[event.lane]]) : atob(event.bytes);

const sizeOf = event => event.lane in Json ? new TextEncoder().encode(contentOf(event)).length : contentOf(event).length;

export function sizeText(bytes) {
  const unit = bytes < 1024 ? 0 : Math.min(Units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const size = bytes / 1024 ** unit;
  return `${size.toFixed(unit === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2)} ${Units[unit]}`;
}

function previewOf(event) {
  const content = contentOf(event);
  if (event.lane in Json) return content.length <= PreviewLength ? content : `${content.slice(0, PreviewLength)}…`;
  const bytes = [...content.slice(0, PreviewBytes)].map(c => c.charCodeAt(0).toString(16).padStart(2, '0')).join(' ');
  const text = [...content.slice(0, PreviewText)].map(c => c >= ' ' && c <= '~' ? c : '.').join('');
  return `${bytes}${content.length > PreviewBytes ? ' …' : ''}  ${text}${content.length > PreviewText ? '…' : ''}`;
}
