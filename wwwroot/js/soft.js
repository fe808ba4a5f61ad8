// Soft navigation: fetches the page of a URL and swaps its [data-live] regions, so that scroll, focus and open panels stay.
// The URL decides what the server renders.

let running = null;
let shown = location.pathname + location.search;

/** Swaps in the page of `address`. Resolves to whether it succeeded; on failure, the page shows the error and greys out its data. */
export async function swap(address) {
  running?.abort();
  const own = running = new AbortController();
  const progress = document.querySelector('[data-progress]');
  const late = setTimeout(() => { progress.hidden = false; }, 100);
  try {
    const response = await fetch(address, { headers: { accept: 'text/html' }, signal: AbortSignal.any([own.signal, AbortSignal.timeout(60_000)]) });
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    if (!response.ok) throw new Failure(page, response.status);
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

/** Opens `address` like a link, without a full page load. */
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
    // A jump to #main does not change the query and needs no data.
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
  for (const form of document.querySelectorAll('form[data-soft]')) updateForm(form, page);
  for (const link of document.querySelectorAll('a[data-key="r"]')) link.href = location.href;
  restoreFocus(focus);
  document.dispatchEvent(new CustomEvent('page:swapped'));
}

// Charts are expensive to build and keep their crosshair, so the old element moves into the new page.
function keepCharts(old, fresh) {
  for (const canvas of old.querySelectorAll('[data-canvas]')) {
    const target = fresh.querySelector(`[data-canvas="${canvas.dataset.canvas}"]`);
    if (!target) continue;
    for (const { name, value } of target.attributes) canvas.setAttribute(name, value);
    target.replaceWith(canvas);
  }
  for (const readout of old.querySelectorAll('[data-readout]'))
    fresh.querySelector(`[data-readout="${readout.dataset.readout}"]`)?.replaceWith(readout);
}

// A part that is fetched separately keeps its content until it is fetched again.
function keepFragments(old, fresh) {
  for (const place of fresh.querySelectorAll('[data-fragment]')) {
    const before = old.querySelector(`div[data-part="${place.dataset.part}"]`);
    if (before) place.replaceChildren(...before.childNodes);
  }
}

/** Replaces the content of one part of the page, keeping scroll and focus. */
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

// Hidden fields carry the parameters without a form field; a visible field keeps its value while it has focus.
function updateForm(form, page) {
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

/** An error response of the server. */
export class Failure extends Error {
  constructor(page, status) {
    super(page.querySelector('[data-error-page] h1')?.textContent ?? `The server responded with status ${status}`);
    this.traceId = page.querySelector('[data-trace-id]')?.textContent;
  }
}

/** Why fetching failed, without a full stop. */
export function causeOf(failure) {
  if (failure.name === 'TimeoutError') return 'No response within 60 s';
  return failure.traceId ? failure.message : 'The server cannot be reached';
}

function showFailure(failure, address) {
  const panel = document.querySelector('[data-panel-error]');
  document.querySelectorAll('[data-live]').forEach(region => region.classList.toggle('outdated', failure !== null));
  panel.hidden = failure === null;
  if (failure === null) return panel.replaceChildren();
  const text = document.createElement('p');
  text.textContent = `${causeOf(failure)}. Showing earlier data.${failure.traceId ? ` Trace ID ${failure.traceId}.` : ''} `;
  const retry = Object.assign(document.createElement('button'), { type: 'button', className: 'button', textContent: 'Try again' });
  retry.addEventListener('click', () => swap(address));
  panel.replaceChildren(text, retry);
}
