// Auto-refresh: updates the page at an interval, except while it is hidden or the user types.
import { swap } from './soft.js';

let timer = null;

export function startRefresh() {
  schedule();
  document.addEventListener('page:swapped', () => {
    say(`updated ${new Date().toLocaleTimeString()}`);
    schedule();
  });
  document.addEventListener('visibilitychange', () => document.hidden ? pause() : resume());
}

function seconds() {
  return Number(document.querySelector('[data-refresh]')?.value || 0);
}

function schedule() {
  clearTimeout(timer);
  if (seconds() > 0 && !document.hidden) timer = setTimeout(tick, seconds() * 1000);
}

async function tick() {
  if (isTyping() || document.querySelector('dialog[open]')) return schedule();
  if (!await swap(location.href)) schedule();
}

function isTyping() {
  const active = document.activeElement;
  return active?.matches('input:not([type=checkbox], [type=radio]), textarea') && active.closest('main') !== null;
}

function pause() {
  clearTimeout(timer);
  if (seconds() > 0) say('paused');
}

function resume() {
  if (seconds() > 0) tick();
}

function say(text) {
  const state = document.querySelector('[data-refresh-state]');
  if (state && seconds() > 0) state.textContent = text;
  else if (state) state.textContent = '';
}
