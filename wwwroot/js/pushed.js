// Readings by push: the server sends them as they are committed. On the overview they go into card, table, rail and chart; the page of a node is fetched
// anew, without losing zoom and scroll, because its statistics are exact. A hidden tab closes its stream: a browser has six connections per server.
import { now } from './clock.js';
import { setConnection } from './connection.js';
import { refresh } from './navigation.js';
import { number } from './numbers.js';
import { toFahrenheit } from './series.js';

const FirstAnswer = 8_000; // ms without a message, after which the page polls
const Retry = 60_000; // ms until a blocked stream is tried again
const MinPause = 2_000; // ms between two fetches of the page
const Share = 10; // A fetch that took a second waits ten: the page must not be all the server does.
const Width = 1000; // Units of a plot.

let source = null;
let address = null;
let follows = null; // The address that the token is of
let token = null;
let answerTimer = null;
let retryTimer = null;
let fetchTimer = null;
let fetchPause = MinPause;
let isFetchDue = false; // Wished for while the page was fetched, or in the pause after it.
const latest = new Map(); // The latest reading of each node that was pushed.

export function startPush() {
  follow();
  document.addEventListener('page:swapped', () => {
    follow();
    showAgain();
  });
  document.addEventListener('visibilitychange', follow);
  window.addEventListener('pagehide', () => { if (address) close(); });
  window.addEventListener('pageshow', event => { if (event.persisted) follow(); });
}

function follow() {
  const place = document.querySelector('[data-push]');
  const isOff = document.querySelector('[data-refresh]')?.dataset.refresh === '0'; // Refresh by hand.
  const wanted = (!isOff && !document.hidden && place?.dataset.push) || null; // Empty: a range of the past.
  if (wanted === address && (source || retryTimer)) return;
  if (address) close();
  if (!wanted) return;
  if (wanted !== follows) [follows, token] = [wanted, place.dataset.pushAfter]; // What was committed since the page was rendered is sent first.
  address = wanted;
  open();
}

function open() {
  const url = new URL(address, location.href);
  if (token) url.searchParams.set('after', token);
  source = new EventSource(url);
  answerTimer = setTimeout(block, FirstAnswer);
  const on = (name, action) => source.addEventListener(name, event => {
    clearTimeout(answerTimer);
    setConnection('live');
    if (event.lastEventId) token = event.lastEventId;
    action(JSON.parse(event.data));
  });
  on('readings', take);
  on('caughtUp', () => {});
  on('reset', () => {
    latest.clear();
    fetchSoon();
  });
  source.onerror = () => {
    if (source?.readyState === EventSource.CLOSED) block();
    else setConnection('reconnecting');
  };
}

function close() {
  clearTimeout(answerTimer);
  clearTimeout(retryTimer);
  source?.close();
  [source, address, retryTimer] = [null, null, null];
  setConnection(null);
}

// A proxy holds the stream back, or the server refuses it: the page is fetched at its interval, as without streams.
function block() {
  clearTimeout(answerTimer);
  source?.close();
  source = null;
  setConnection('polling');
  retryTimer = setTimeout(() => {
    retryTimer = null;
    if (address) open();
  }, Retry);
}

function take({ readings, removed_nodes: removed }) {
  if (!document.querySelector('[data-push][data-unit]')) return fetchSoon();
  if (removed) {
    latest.clear();
    return fetchSoon();
  }
  for (const reading of readings) {
    if (!(latest.get(reading.node_address)?.timestamp > reading.timestamp)) latest.set(reading.node_address, reading);
    if (!show(reading)) fetchSoon();
  }
}

// A page that the server rendered before a commit can arrive after the reading. A reading that cannot be shown causes one fetch, not one after each.
function showAgain() {
  if (!document.querySelector('[data-push][data-unit]')) return;
  for (const [node, reading] of latest) {
    if (show(reading)) continue;
    latest.delete(node);
    fetchSoon();
  }
}

function fetchSoon() {
  isFetchDue = true;
  fetchTimer ??= setTimeout(async () => {
    isFetchDue = false;
    const began = performance.now();
    if (!await refresh()) isFetchDue = true; // Another page was on its way, perhaps one from before the reading, or the fetch failed.
    fetchPause = Math.max(MinPause, Share * (performance.now() - began));
    fetchTimer = setTimeout(() => {
      fetchTimer = null;
      if (isFetchDue) fetchSoon();
    }, fetchPause);
  }, 0);
}

// False when the page must be fetched: the node is new to it, or its status changes. A page that shows a part of the nodes waits for its refresh.
function show(reading) {
  const places = [...document.querySelectorAll(`[data-node="${reading.node_address}"]`)];
  if (places.length === 0) return document.querySelector('[data-push-partial]') !== null;
  const { timestamp } = reading;
  if (places.some(place => Number(place.dataset.latest) >= timestamp)) return true; // Sent late, of the past.
  const isFahrenheit = document.querySelector('[data-push]').dataset.unit === 'f';
  const celsius = reading.temperature_celsius ?? null;
  const values = { temperature: isFahrenheit ? toFahrenheit(celsius) : celsius, humidity: reading.humidity_percent ?? null };
  for (const place of places) {
    for (const [quantity, value] of Object.entries(values)) {
      for (const data of place.querySelectorAll(`[data-quantity="${quantity}"]`)) write(data, value);
    }
    for (const time of place.querySelectorAll('time[data-relative]')) time.dateTime = new Date(timestamp * 1000).toISOString();
    const turns = place.matches('[data-turns-at]') ? place : place.querySelector('[data-turns-at]');
    if (turns && place.dataset.latest) turns.dataset.turnsAt = Number(turns.dataset.turnsAt) + timestamp - Number(place.dataset.latest);
    place.dataset.latest = timestamp;
  }
  const isDrawn = draw(reading.node_address, timestamp, values);
  document.dispatchEvent(new CustomEvent('part:filled')); // The clock writes the times.
  return isDrawn && places.every(place => !place.matches('[data-status]:not([data-status=live])'));
}

function write(element, value) {
  const decimals = Number(element.dataset.decimals ?? 2);
  if (value === null) return;
  const data = element.matches('data') ? element : element.querySelector('data');
  if (data) data.value = value.toFixed(decimals);
  (data ?? element).textContent = number(value, decimals);
}

// Continues the line of the node, and moves the drawing on to now. False when the value lies outside its axis.
function draw(node, timestamp, values) {
  const line = document.querySelector(`[data-rolling]:not([data-rolling=""]) [data-line="${node}"]`);
  if (!line) return true;
  const plot = line.closest('[data-plot]');
  const value = values[plot.closest('[data-rolling]').dataset.rolling];
  const [lowest, highest, height] = ['lowest', 'highest', 'height'].map(name => Number(plot.dataset[name]));
  if (value === null) return true;
  if (value < lowest || value > highest) return false;
  const [from, to, shift] = [Number(plot.dataset.from), Number(plot.dataset.to), Number(plot.dataset.shift ?? 0)];
  const scale = Width / (to - from);
  const x = shift + (timestamp - from) * scale;
  extend(line, `${x.toFixed(1)} ${((highest - value) / (highest - lowest) * height).toFixed(1)}`);
  const passed = Math.max(0, Math.round(now() / 1000) - to);
  if (passed === 0) return true;
  Object.assign(plot.dataset, { from: from + passed, to: to + passed, shift: shift + passed * scale });
  plot.querySelector('.area').setAttribute('viewBox', `${plot.dataset.shift} 0 ${Width} ${height}`);
  const axis = plot.parentElement.querySelector('.axis-x');
  if (axis) axis.style.translate = `${-plot.dataset.shift / Width * 100}%`;
  return true;
}

// The solid part of a line goes on from its last point, which may be dashed or a dot.
function extend(line, point) {
  const ends = [...line.children].map(path => path.getAttribute('d').match(/([0-9.-]+ [0-9.-]+)(h0)?$/)?.[1]).filter(Boolean);
  const last = ends.reduce((best, end) => best === null || parseFloat(end) > parseFloat(best) ? end : best, null);
  let solid = line.querySelector('.trace:not(.few)');
  if (!solid) {
    solid = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    solid.setAttribute('class', 'trace');
    line.prepend(solid);
  }
  const path = solid.getAttribute('d') ?? '';
  const start = path.endsWith(last ?? ' ') ? path : last === null ? path : `${path}M${last}`;
  solid.setAttribute('d', `${start}${start === '' ? 'M' : 'L'}${point}`);
}
