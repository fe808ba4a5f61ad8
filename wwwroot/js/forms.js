// Forms that change the URL: fields become parameters, empty ones are omitted.
import { visit } from './soft.js';

const TypingPause = 400; // ms without input before the form applies.

export function startForms() {
  document.addEventListener('submit', event => {
    const form = event.target;
    if (form.dataset.busy) {
      const button = event.submitter;
      button.disabled = true;
      button.textContent = form.dataset.busy;
    }
    if (!form.matches('[data-soft]') || event.submitter?.name === 'handler' || event.defaultPrevented) return;
    event.preventDefault();
    visit(urlOf(form));
  });
  document.addEventListener('change', event => {
    if (event.target.matches('[data-submit]')) event.target.form.requestSubmit();
  });
  document.addEventListener('input', event => {
    for (const name of event.target.dataset.clears?.split(',') ?? []) event.target.form.elements[name].value = '';
    // From and to replace the range.
    if (['from', 'to'].includes(event.target.name) && event.target.form.elements.range) event.target.form.elements.range.value = '';
    const form = event.target.form;
    if (!form?.matches('[data-soft-change]')) return;
    clearTimeout(form.pending);
    form.pending = setTimeout(() => visit(urlOf(form)), TypingPause);
  });
}

function urlOf(form) {
  const url = new URL(form.action || location.href, location.href);
  url.search = '';
  for (const [name, value] of new FormData(form)) if (value !== '' && !(name === 'tz' && value === 'browser')) url.searchParams.append(name, value);
  return url.href;
}
