// Soft navigation: fetches the page at an address and swaps its [data-live] regions, so that scroll, focus and open panels stay.
// The server decides everything from the address; nothing is computed twice.

let running = null;
let shown = location.pathname + location.search;

/** Swaps in the page at `address`. Resolves to whether it worked; a failure is told in the page, old data stays, greyed. */
export async function swap(address) {
  running?.abort();
  const own = running = new AbortController();
  const progress = document.querySelector('[data-progress]');
  const late = setTimeout(() => { progress.hidden = false; }, 100);
  try {
    const answer = await fetch(address, { headers: { accept: 'text/html' }, signal: AbortSignal.any([own.signal, AbortSignal.timeout(60_000)]) });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (!answer.ok) throw new Failure(page, answer.status);
    replaceRegions(page);
    showFailure(null);
    return true;
  } catch (failure) {
    if (own.signal.aborted) return false;
    showFailure(failure, address);
    return false;
  } finally {
    clearTimeout(late);
    if (running === own) {
      running = null;
      progress.hidden = true;
    }
  }
}

/** Goes to `address` as a link would, without loading the page anew. */
export async function visit(address) {
  const target = new URL(address, location.href);
  if (target.pathname !== location.pathname) return location.assign(target);
  history.pushState(null, '', target);
  shown = target.pathname + target.search;
  await swap(target.href);
}

export function startSoft() {
  document.addEventListener('click', event => {
    const link = event.target.closest('a[data-soft]');
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    visit(link.href);
  });
  window.addEventListener('popstate', () => {
    // A jump to #main changes no query and needs no new data.
    if (location.pathname + location.search === shown) return;
    shown = location.pathname + location.search;
    swap(location.href);
  });
}

function replaceRegions(page) {
  const { zone, zoneChoice } = page.documentElement.dataset;
  Object.assign(document.documentElement.dataset, { zone, zoneChoice });
  document.title = page.title;
  const focus = focusPath();
  for (const old of document.querySelectorAll('[data-live]')) {
    const fresh = page.querySelector(`[data-live="${old.dataset.live}"]`);
    if (!fresh || fresh.isEqualNode(old)) continue;
    keepCharts(old, fresh);
    keepOpen(old, fresh);
    keepScroll(old, fresh, () => {
      keepFragments(old, fresh);
      old.replaceWith(fresh);
    });
  }
  for (const form of document.querySelectorAll('form[data-soft]')) followForm(form, page);
  for (const link of document.querySelectorAll('a[data-key="r"]')) link.href = location.href;
  restoreFocus(focus);
  document.dispatchEvent(new CustomEvent('page:swapped'));
}

// A chart is costly to build and keeps its crosshair: the old element goes on living, with the new page's words around it.
function keepCharts(old, fresh) {
  for (const canvas of old.querySelectorAll('[data-canvas]')) {
    const place = fresh.querySelector(`[data-canvas="${canvas.dataset.canvas}"]`);
    if (!place) continue;
    for (const { name, value } of place.attributes) canvas.setAttribute(name, value);
    place.replaceWith(canvas);
  }
  for (const readout of old.querySelectorAll('[data-readout]'))
    fresh.querySelector(`[data-readout="${readout.dataset.readout}"]`)?.replaceWith(readout);
}

// A part that the page fetches by itself shows what it had until it has been fetched again.
function keepFragments(old, fresh) {
  for (const place of fresh.querySelectorAll('[data-fragment]')) {
    const before = old.querySelector(`div[data-part="${place.dataset.part}"]`);
    if (before) place.replaceChildren(...before.childNodes);
  }
}

/** Fills one part of the page anew, keeping scroll and focus. */
export function fill(place, nodes) {
  const fresh = place.cloneNode(false);
  fresh.append(...nodes);
  const focus = place.contains(document.activeElement) ? focusPath() : null;
  keepScroll(place, fresh, () => place.replaceWith(fresh));
  restoreFocus(focus);
  document.dispatchEvent(new CustomEvent('part:filled'));
}

function keepOpen(old, fresh) {
  const open = [...old.querySelectorAll('details')].map(d => d.open);
  fresh.querySelectorAll('details').forEach((details, i) => { if (open[i] !== undefined) details.open = open[i]; });
}

function keepScroll(old, fresh, replace) {
  const offsets = [...old.querySelectorAll('.scroll')].map(s => [s.scrollLeft, s.scrollTop]);
  const [x, y] = [scrollX, scrollY];
  replace();
  fresh.querySelectorAll('.scroll').forEach((s, i) => { if (offsets[i]) [s.scrollLeft, s.scrollTop] = offsets[i]; });
  scrollTo({ left: x, top: y, behavior: 'instant' });
}

// Hidden fields carry the state that a form has no field for; visible ones are the user's while they are in use.
function followForm(form, page) {
  const index = [...document.querySelectorAll('form[data-soft]')].filter(f => f.className === form.className).indexOf(form);
  const fresh = page.querySelectorAll(`form[data-soft][class="${form.className}"]`)[index];
  if (!fresh) return;
  form.querySelectorAll(':scope > input[type=hidden]').forEach(field => field.remove());
  form.prepend(...[...fresh.querySelectorAll(':scope > input[type=hidden]')]);
  for (const field of form.elements) {
    if (field === document.activeElement || !field.name || field.type === 'hidden' || field.closest('[data-live]')) continue;
    const other = fresh.querySelector(`[name="${field.name}"]${field.type === 'checkbox' ? `[value="${field.value}"]` : ''}`);
    if (!other) continue;
    if (field.type === 'checkbox') field.checked = other.checked;
    else field.value = other.value;
  }
}

function focusPath() {
  const active = document.activeElement;
  if (!active?.closest('[data-live]')) return null;
  const region = active.closest('[data-live]');
  if (active.dataset.key) return [region.dataset.live, `[data-key="${CSS.escape(active.dataset.key)}"]`];
  if (active.name) return [region.dataset.live, `[name="${active.name}"]${active.type === 'checkbox' ? `[value="${active.value}"]` : ''}`];
  if (active.dataset.canvas) return [region.dataset.live, `[data-canvas="${active.dataset.canvas}"]`];
  return active.textContent ? [region.dataset.live, null, active.tagName, active.textContent.trim()] : null;
}

function restoreFocus(path) {
  if (!path) return;
  const region = document.querySelector(`[data-live="${path[0]}"]`);
  const target = path[1] ? region?.querySelector(path[1])
    : [...region?.querySelectorAll(path[2]) ?? []].find(e => e.textContent.trim() === path[3]);
  target?.focus({ preventScroll: true });
}

/** What the server said instead of a page. */
export class Failure extends Error {
  constructor(page, status) {
    super(page.querySelector('[data-error-page] h1')?.textContent ?? `The server answered ${status}`);
    this.traceId = page.querySelector('[data-trace-id]')?.textContent;
  }
}

/** Why fetching failed, in words without a full stop. */
export function causeOf(failure) {
  if (failure.name === 'TimeoutError') return 'The server took longer than a minute';
  return failure.traceId ? failure.message : 'The server cannot be reached';
}

function showFailure(failure, address) {
  const panel = document.querySelector('[data-panel-error]');
  document.querySelectorAll('[data-live]').forEach(region => region.classList.toggle('outdated', failure !== null));
  panel.hidden = failure === null;
  if (failure === null) return panel.replaceChildren();
  const words = document.createElement('p');
  words.textContent = `${causeOf(failure)}. What you see is from before.${failure.traceId ? ` Trace id ${failure.traceId}.` : ''} `;
  const retry = Object.assign(document.createElement('button'), { type: 'button', className: 'button', textContent: 'Try again' });
  retry.addEventListener('click', () => swap(address));
  panel.replaceChildren(words, retry);
}
