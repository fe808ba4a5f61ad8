// Changes of the page without loading it anew: another URL of the same path is fetched and morphed in, a form is sent and its answer morphed in.
// The URL decides what the server renders, and changes once the page is there. Other paths load normally.
import { morph } from './morph.js';

const Timeout = 60_000; // ms
const ProgressDelay = 100; // ms
const Notice = 'main > [data-notice]'; // What was just done: only one response has it.

let running = null;
let shown = location.pathname + location.search;

export function startNavigation() {
  document.addEventListener('click', event => {
    const link = event.target.closest('a[href]');
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const target = new URL(link.href);
    const isJump = target.hash && target.search === location.search;
    if (link.target || link.hasAttribute('download') || !isHere(target) || isJump) return;
    event.preventDefault();
    visit(target.href);
  });
  window.addEventListener('popstate', () => {
    if (location.pathname + location.search === shown) return; // A jump within the page.
    const scroll = history.state?.scroll;
    show({ address: location.href, done: () => { if (scroll !== undefined) scrollTo({ top: scroll, behavior: 'instant' }); } });
  });
  // The browser may show a page that it kept, with the notice of then.
  if (performance.getEntriesByType('navigation')[0]?.type === 'back_forward') {
    document.querySelector(Notice)?.remove();
    refresh();
  }
}

/** Opens `address` like a link; `done` runs once its page is shown. Resolves to whether it is. */
export async function visit(address, done) {
  const target = new URL(address, location.href);
  if (!isHere(target)) return location.assign(target);
  return show({ address: target.href, done: () => {
    done?.();
    if (target.hash) document.querySelector(target.hash)?.scrollIntoView();
  }, isPushed: true });
}

/** Shows this page as it is now, unless another one is on its way. */
export function refresh() {
  return running ? false : show({ address: location.href, isRefresh: true });
}

/** Sends a form that changes something. A form with a fault, or that the server cannot take now, stays as typed. */
export async function send(form, button) {
  const own = begin();
  const body = new URLSearchParams(new FormData(form, button)); // Before the button is disabled: it may have a value.
  const free = occupy(button, form.dataset.busy);
  const late = setTimeout(() => setProgress(true), ProgressDelay);
  form.querySelector('[data-form-error]')?.remove();
  try {
    const { page, response } = await receive(form.getAttribute('action') ?? location.href, { method: 'POST', body, signal: own.signal });
    free();
    if (response.status === 422) {
      render(page, { form });
      return focusFault(form);
    }
    // Without its frame it is the sign-in.
    if (!page.querySelector('.frame') || !await loadScripts(page)) return location.assign(response.url);
    push(response.url);
    form.reset(); // What was typed is stored.
    render(page, { form });
    reveal(document.querySelector('main .notice'));
  } catch (failure) {
    free();
    if (own.signal.aborted) return;
    tellIn(form, `${causeOf(failure)}. Your input is kept. Try again.${failure.traceId ? ` Trace ID ${failure.traceId}.` : ''}`);
  } finally {
    clearTimeout(late);
    end(own);
  }
}

/** Focuses the first field with a fault. */
export function focusFault(scope) {
  const error = scope.querySelector('.error');
  const field = scope.querySelector('[aria-invalid=true]') ?? error?.closest('label')?.control ?? error?.parentElement.querySelector('input, select, textarea');
  const panel = field?.closest('details');
  if (panel) panel.open = true;
  field?.focus();
}

/** Fetches a page. An answer 422 is one too: it has the form with its faults. */
export async function receive(address, options) {
  const response = await fetch(address, { headers: { accept: 'text/html' }, ...options });
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  if (!response.ok && response.status !== 422) throw new Failure(page, response.status);
  return { page, response };
}

async function show(request) {
  const { address, isRefresh = false, isPushed = false, done } = request;
  const own = begin();
  const late = isRefresh ? 0 : setTimeout(() => {
    setProgress(true);
    setOutdated(true);
  }, ProgressDelay);
  try {
    const { page, response } = await receive(address, { signal: AbortSignal.any([own.signal, AbortSignal.timeout(Timeout)]) });
    const target = response.redirected ? response.url : address;
    if (!isHere(new URL(target))) return location.assign(target);
    if (!await loadScripts(page)) return location.assign(target);
    if (isPushed) push(target);
    render(page, { isRefresh });
    showFailure(null);
    done?.();
    return true;
  } catch (failure) {
    if (!own.signal.aborted) showFailure(failure, () => show(request));
    return false;
  } finally {
    clearTimeout(late);
    if (running === own) setOutdated(!document.querySelector('[data-panel-error]').hidden);
    end(own);
  }
}

// While the answer is awaited, a button cannot be pressed again.
function occupy(button, words) {
  if (!button) return () => {};
  const label = button.textContent;
  button.disabled = true;
  if (words) button.textContent = words;
  return () => Object.assign(button, { disabled: false, textContent: label });
}

function begin() {
  running?.abort();
  return running = new AbortController();
}

function end(own) {
  if (running !== own) return;
  running = null;
  setProgress(false);
}

function push(address) {
  if (address === location.href) return;
  history.replaceState({ ...history.state, scroll: scrollY }, '');
  history.pushState(null, '', address);
}

function render(page, how) {
  const { zone, zoneChoice, now } = page.documentElement.dataset;
  Object.assign(document.documentElement.dataset, { zone, zoneChoice, now });
  document.title = page.title;
  shown = location.pathname + location.search;
  const focused = document.activeElement;
  if (how.isRefresh) keepNotice(page);
  morph(document.body, page.body, how);
  if (!focused?.isConnected) document.getElementById('main').focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent('page:swapped'));
}

// Below the bar, which stays at the top and is higher on narrow screens.
function reveal(notice) {
  if (!notice) return;
  notice.style.scrollMarginTop = `${document.querySelector('.bar')?.offsetHeight ?? 0}px`;
  notice.scrollIntoView({ block: 'nearest' });
}

// A refresh leaves the notice, which the user may not have read yet, until the user goes on.
function keepNotice(page) {
  const notice = document.querySelector(Notice);
  if (notice && !page.querySelector(Notice)) page.querySelector('main > [data-panel-error]')?.before(notice.cloneNode(true));
}

// Loads the libraries that only the fetched page names. False when it is that of another version of the program.
async function loadScripts(page) {
  const loaded = new Set([...document.scripts].map(script => script.getAttribute('src')));
  const missing = [...page.scripts].filter(script => script.hasAttribute('src') && !loaded.has(script.getAttribute('src')));
  if (missing.some(script => script.type === 'module')) return false;
  await Promise.all(missing.map(script => new Promise((resolve, reject) => {
    const own = Object.assign(document.createElement('script'), { async: false, onload: resolve, onerror: reject });
    own.setAttribute('src', script.getAttribute('src'));
    document.head.append(own);
  })));
  return true;
}

const isHere = target => target.origin === location.origin && target.pathname === location.pathname;

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
  return failure instanceof Failure || failure.traceId ? failure.message : 'The server cannot be reached';
}

function setProgress(isLoading) {
  document.querySelector('[data-progress]').hidden = !isLoading;
}

// Charts fade; words keep their contrast.
function setOutdated(isOutdated) {
  if (document.documentElement.classList.contains('outdated') === isOutdated) return;
  document.documentElement.classList.toggle('outdated', isOutdated);
  document.dispatchEvent(new CustomEvent('page:outdated'));
}

function showFailure(failure, retry) {
  const panel = document.querySelector('[data-panel-error]');
  panel.hidden = failure === null;
  if (failure === null) return panel.replaceChildren();
  const words = `${causeOf(failure)}. Showing earlier data.${failure.traceId ? ` Trace ID ${failure.traceId}.` : ''} `;
  const text = Object.assign(document.createElement('p'), { textContent: words });
  const again = Object.assign(document.createElement('button'), { type: 'button', className: 'button', textContent: 'Try again' });
  again.addEventListener('click', retry);
  panel.replaceChildren(text, again);
}

function tellIn(form, text) {
  const line = Object.assign(document.createElement('p'), { className: 'error wide', textContent: text });
  line.dataset.formError = '';
  line.setAttribute('role', 'alert');
  form.append(line);
  line.scrollIntoView({ block: 'nearest' });
}
