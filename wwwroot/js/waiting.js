// A panel that waits for its data: says so once it takes long enough to notice, can be cancelled, tells its own failure.
import { causeOf } from './soft.js';

const Noticed = 300; // ms; a panel that flickers on every refresh is worse than one that is late.

/** Runs `work(signal)` for a panel; `retry` is what the button after a failure or a cancel does. */
export async function waitIn(panel, own, work, retry) {
  panel.setAttribute('aria-busy', 'true');
  const late = setTimeout(() => show(panel, own), panel.matches('[data-unfilled]') ? 0 : Noticed);
  try {
    await work(own.signal);
    return clear(panel);
  } catch (failure) {
    if (own.signal.aborted && own.signal.reason !== 'cancelled') return; // A newer question took its place.
    clear(panel);
    tell(panel, own.signal.aborted ? 'Cancelled. ' : `${causeOf(failure)}. ${failure.traceId ? `Trace id ${failure.traceId}. ` : ''}`, !own.signal.aborted, retry);
  } finally {
    clearTimeout(late);
  }
}

function show(panel, own) {
  clear(panel);
  panel.setAttribute('aria-busy', 'true');
  const line = Object.assign(document.createElement('p'), { className: 'waiting muted' });
  line.dataset.panelState = '';
  line.setAttribute('role', 'status');
  const bar = document.createElement('progress');
  bar.setAttribute('aria-label', 'Loading');
  const cancel = Object.assign(document.createElement('button'), { type: 'button', className: 'button', textContent: 'Cancel' });
  cancel.addEventListener('click', () => own.abort('cancelled'));
  line.append(bar, 'Reading …', cancel);
  panel.append(line);
  panel.querySelector('[data-skeleton]')?.removeAttribute('hidden');
}

function tell(panel, words, isFault, retry) {
  const skeleton = panel.querySelector('[data-skeleton]');
  skeleton?.setAttribute('hidden', '');
  const isFilled = !skeleton && !panel.matches('[data-unfilled]');
  panel.classList.toggle('outdated', isFilled);
  const line = Object.assign(document.createElement('p'), { className: isFault ? 'waiting fault' : 'waiting muted' });
  line.dataset.panelState = '';
  line.setAttribute('role', isFault ? 'alert' : 'status');
  const again = Object.assign(document.createElement('button'), { type: 'button', className: 'button', textContent: isFault ? 'Try again' : 'Load it' });
  again.addEventListener('click', retry);
  line.append(words, isFilled ? 'What you see is from before. ' : '', again);
  panel.append(line);
}

function clear(panel) {
  panel.removeAttribute('aria-busy');
  panel.classList.remove('outdated');
  panel.querySelectorAll('[data-panel-state]').forEach(line => line.remove());
}
