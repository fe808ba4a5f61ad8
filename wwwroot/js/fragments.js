// Slow parts of a page are fetched separately, each into its own panel.
import { Failure, fill } from './soft.js';
import { waitIn } from './waiting.js';

const Timeout = 60_000; // ms

const running = new Map(); // By part.

export function startFragments() {
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
  return waitIn(place.querySelector('.panel'), own, async signal => {
    const response = await fetch(place.dataset.fragment, {
      headers: { accept: 'text/html' }, signal: AbortSignal.any([signal, AbortSignal.timeout(Timeout)]),
    });
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    if (!response.ok) throw new Failure(page, response.status);
    fill(place, page.body.childNodes);
  }, () => load(part));
}
