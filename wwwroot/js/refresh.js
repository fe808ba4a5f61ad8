// Keeps the page up to date: at the interval that the page names, and when a node is due to turn late or stale. Not while the page is hidden.
import { now } from './clock.js';
import { connection, setConnection } from './connection.js';
import { refresh } from './navigation.js';

const MinPause = 1; // s
const LivePause = 300; // s; by push the page is current, and only what is computed of long ranges gets old.

let timer = null;

export function startRefresh() {
  schedule();
  document.addEventListener('page:swapped', () => {
    say(`updated ${new Date().toLocaleTimeString()}`);
    schedule();
  });
  document.addEventListener('page:connection', schedule);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) return void tick();
    clearTimeout(timer);
    say('paused');
  });
}

// An empty page waits for its first data, whatever the interval is.
function interval() {
  const chosen = document.querySelector('[data-refresh]');
  const seconds = Number(document.querySelector('[data-poll]')?.dataset.poll ?? chosen?.dataset.refresh ?? 0);
  const isPushed = document.querySelector('[data-push]:not([data-push-partial])') && connection() === 'live' && chosen?.dataset.isChosen !== 'true';
  return isPushed ? Math.max(seconds, LivePause) : seconds;
}

function pause() {
  const turns = [...document.querySelectorAll('[data-turns-at]')].map(time => Number(time.dataset.turnsAt) - now() / 1000);
  return Math.max(MinPause, Math.min(interval() || Infinity, ...turns));
}

function schedule() {
  clearTimeout(timer);
  const seconds = pause();
  if (Number.isFinite(seconds) && !document.hidden) timer = setTimeout(tick, Math.min(seconds * 1000, 2 ** 31 - 1));
}

async function tick() {
  if (pause() === Infinity) return;
  if (!await refresh()) schedule();
}

function say(text) {
  if (connection()) return setConnection(connection());
  const state = document.querySelector('[data-refresh-state]');
  if (state) state.textContent = interval() > 0 ? text : '';
}
