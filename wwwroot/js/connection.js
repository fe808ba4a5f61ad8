// How the page gets new data. Streams tell it; the refresh interval and the words beside it follow.

let current = null;

/** `state` is 'live', 'reconnecting', 'polling' or null: no stream; `words` is shown. */
export function setConnection(state, words = state ?? '') {
  const isChange = state !== current;
  current = state;
  if (isChange) document.dispatchEvent(new CustomEvent('page:connection')); // The refresh interval follows.
  const chip = document.querySelector('[data-refresh-state]');
  if (!chip) return;
  chip.textContent = words;
  chip.dataset.connection = state ?? '';
}

export const connection = () => current;
