// A panel that loads its data: it shows progress after a moment, can be cancelled, and shows its own errors.
import { causeOf } from './soft.js';

const ProgressDelay = 300; // ms; progress at once would flicker on each refresh.

/** Runs `work(signal)` for a panel; the button after a failure or a cancel calls `retry`. */
export async function waitIn(panel, own, work, retry) {
  panel.setAttribute('aria-busy', 'true');
  const late = setTimeout(() => show(panel, own), panel.matches('[data-unfilled]') ? 0 : ProgressDelay);
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
  line.append(bar, 'Loading …', cancel);
  panel.append(line);
  panel.querySelector('[data-skeleton]')?.removeAttribute('hidden');
}

function showResult(panel, text, isError, retry) {
  const skeleton = panel.querySelector('[data-skeleton]');
  skeleton?.setAttribute('hidden', '');
  const isFilled = !skeleton && !panel.matches('[data-unfilled]');
  panel.classList.toggle('outdated', isFilled);
  const line = Object.assign(document.createElement('p'), { className: isError ? 'waiting error' : 'waiting muted' });
  line.dataset.panelState = '';
  line.setAttribute('role', isError ? 'alert' : 'status');
  const again = Object.assign(document.createElement('button'), { type: 'button', className: 'button', textContent: isError ? 'Try again' : 'Load' });
  again.addEventListener('click', retry);
  line.append(text, isFilled ? 'Showing earlier data. ' : '', again);
  panel.append(line);
}

function clear(panel) {
  panel.removeAttribute('aria-busy');
  panel.classList.remove('outdated');
  panel.querySelectorAll('[data-panel-state]').forEach(line => line.remove());
}
