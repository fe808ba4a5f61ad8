// Keeps the notice up to date while queries do not use DuckDB; once they do, reloads the page, because its parts are fast then.
import { fill, swap } from './soft.js';

const Interval = 3_000; // ms
const Watched = '[data-watch^="/"]'; // Empty when there is nothing to wait for.

let timer = null;

export function startSidePath() {
  watch();
  document.addEventListener('page:swapped', watch);
}

function watch() {
  clearTimeout(timer);
  if (document.querySelector(Watched)) timer = setTimeout(look, Interval);
}

async function look() {
  const notice = document.querySelector(Watched);
  if (!document.hidden && !document.activeElement?.matches('input:not([type=checkbox], [type=radio]), select')) {
    try {
      const response = await fetch(notice.dataset.watch, { headers: { accept: 'text/html' }, signal: AbortSignal.timeout(10_000) });
      const fresh = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('[data-live="side-path-notice"]');
      if (fresh && !fresh.matches(Watched) && await swap(location.href)) return;
      // Compares the text: the form's token differs each time, and screen readers should only announce news.
      if (fresh?.matches(Watched) && fresh.textContent.trim() !== notice.textContent.trim()) fill(notice, fresh.childNodes);
    } catch {
      // The server is unavailable for a moment; the page reports that elsewhere.
    }
  }
  watch();
}
