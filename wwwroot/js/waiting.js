// Panels that load their data separately: they show progress after a moment, can be cancelled, and show their own errors.
import { morph } from './morph.js';
import { causeOf, receive } from './navigation.js';

const ProgressDelay = 300; // ms; progress at once would flicker on each refresh.
const Timeout = 60_000; // ms

const running = new Map(); // By part.
const addresses = new WeakMap(); // Of the content of each part.

/** Loads each part of the page that has the address of its content. */
export function startParts() {
  loadAll();
  document.addEventListener('page:swapped', loadAll);
}

function loadAll() {
  for (const own of running.values()) own.abort();
  running.clear();
  for (const place of document.querySelectorAll('[data-fragment]')) load(place.dataset.part);
}

function load(part) {
  const place = document.querySelector(`[data-fragment][data-part="${part}"]`);
  running.get(part)?.abort();
  const own = new AbortController();
  running.set(part, own);
  const address = place.dataset.fragment;
  return waitIn(place.querySelector('.panel'), own, async signal => {
    const { page } = await receive(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(Timeout)]) });
    morph(place, page.body, { isRefresh: true, style: 'innerHTML' });
    addresses.set(place, address);
    document.dispatchEvent(new CustomEvent('part:filled'));
  }, () => load(part), addresses.has(place) && addresses.get(place) !== address);
}

/** Runs `work(signal)` for a panel; the button after a failure or a cancel calls `retry`. Another range than the panel still shows is progress at once. */
export async function waitIn(panel, own, work, retry, isOutdated = false) {
  panel.setAttribute('aria-busy', 'true');
  if (isOutdated) setOutdated(panel, true);
  const late = setTimeout(() => showProgress(panel, own), isOutdated || panel.matches('[data-unfilled]') ? 0 : ProgressDelay);
  try {
    await work(own.signal);
    return clear(panel);
  } catch (failure) {
    if (own.signal.aborted && own.signal.reason !== 'cancelled') return; // A newer request replaced it.
    clear(panel);
    showResult(panel, own.signal.aborted ? 'Cancelled. ' : `${causeOf(failure)}. ${failure.traceId ? `Trace ID ${failure.traceId}. ` : ''}`, !own.signal.aborted, retry);
  } finally {
    clearTimeout(late);
  }
}

function showProgress(panel, own) {
  panel.querySelectorAll('[data-panel-state]').forEach(line => line.remove());
  // Over a filled panel, so that nothing below it moves.
  const line = Object.assign(document.createElement('p'), { className: isFilled(panel) ? 'waiting over muted' : 'waiting muted' });
  line.dataset.panelState = '';
  line.setAttribute('role', 'status');
  const bar = document.createElement('progress');
  bar.setAttribute('aria-label', 'Loading');
  const cancel = Object.assign(document.createElement('button'), { type: 'button', className: 'button', textContent: 'Cancel' });
  cancel.addEventListener('click', () => own.abort('cancelled'));
  line.append(bar, 'Loading …', cancel);
  panel.append(line);
  panel.querySelector('[data-skeleton]')?.removeAttribute('hidden');
}

function showResult(panel, text, isError, retry) {
  panel.querySelector('[data-skeleton]')?.setAttribute('hidden', '');
  setOutdated(panel, isFilled(panel));
  const line = Object.assign(document.createElement('p'), { className: isError ? 'waiting error' : 'waiting muted' });
  line.dataset.panelState = '';
  line.setAttribute('role', isError ? 'alert' : 'status');
  const again = Object.assign(document.createElement('button'), { type: 'button', className: 'button', textContent: isError ? 'Try again' : 'Load' });
  again.addEventListener('click', retry);
  line.append(text, isFilled(panel) ? 'Showing earlier data. ' : '', again);
  panel.append(line);
}

const isFilled = panel => !panel.querySelector('[data-skeleton]') && !panel.matches('[data-unfilled]');

function clear(panel) {
  panel.removeAttribute('aria-busy');
  setOutdated(panel, false);
  panel.querySelectorAll('[data-panel-state]').forEach(line => line.remove());
}

function setOutdated(panel, isOutdated) {
  panel.classList.toggle('outdated', isOutdated);
  document.dispatchEvent(new CustomEvent('page:outdated'));
}
