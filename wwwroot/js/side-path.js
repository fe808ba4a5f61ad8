// Keeps the notice up to date while queries do not use DuckDB; once they do, reloads the page, because its parts are fast then.
import { morph } from './morph.js';
import { receive, refresh } from './navigation.js';

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
      const { page } = await receive(notice.dataset.watch, { signal: AbortSignal.timeout(10_000) });
      const fresh = page.body.firstElementChild;
      if (fresh && !fresh.matches(Watched) && await refresh()) return;
      // Compares the text: the form's token differs each time, and screen readers should only announce news.
      if (fresh?.matches(Watched) && fresh.textContent.trim() !== notice.textContent.trim()) morph(notice, fresh);
    } catch {
      // The server is unavailable for a moment; the page reports that elsewhere.
    }
  }
  watch();
}
