// While DuckDB does not answer, the notice is kept up to date; once it does, the page is fetched anew: its parts are quick then.
import { fill, swap } from './soft.js';

const Every = 3_000; // ms
const Watched = '[data-watch^="/"]'; // Empty while there is nothing to wait for.

let timer = null;

export function startSidePath() {
  watch();
  document.addEventListener('page:swapped', watch);
}

function watch() {
  clearTimeout(timer);
  if (document.querySelector(Watched)) timer = setTimeout(look, Every);
}

async function look() {
  const notice = document.querySelector(Watched);
  if (!document.hidden && !document.activeElement?.matches('input:not([type=checkbox], [type=radio]), select')) {
    try {
      const answer = await fetch(notice.dataset.watch, { headers: { accept: 'text/html' }, signal: AbortSignal.timeout(10_000) });
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-live="side-path-notice"]');
      if (fresh && !fresh.matches(Watched) && await swap(location.href)) return;
      // By its words: the form's token is another each time, and what is read aloud should be news.
      if (fresh?.matches(Watched) && fresh.textContent.trim() !== notice.textContent.trim()) fill(notice, fresh.childNodes);
    } catch {
      // The server is away for a moment; what the page says of that is not this notice's business.
    }
  }
  watch();
}
