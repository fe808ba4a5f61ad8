// Forms that are addresses: their fields go to the query, empty ones are left out.
import { visit } from './soft.js';

const Typing = 400; // ms of silence that end a word.

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
    visit(addressOf(form));
  });
  document.addEventListener('change', event => {
    if (event.target.matches('[data-submit]')) event.target.form.requestSubmit();
  });
  document.addEventListener('input', event => {
    for (const name of event.target.dataset.clears?.split(',') ?? []) event.target.form.elements[name].value = '';
    // From and to say more than a range: one that stays would be read as a third opinion.
    if (['from', 'to'].includes(event.target.name) && event.target.form.elements.range) event.target.form.elements.range.value = '';
    const form = event.target.form;
    if (!form?.matches('[data-soft-change]')) return;
    clearTimeout(form.pending);
    form.pending = setTimeout(() => visit(addressOf(form)), Typing);
  });
}

function addressOf(form) {
  const address = new URL(form.action || location.href, location.href);
  address.search = '';
  for (const [name, value] of new FormData(form)) if (value !== '' && !(name === 'tz' && value === 'browser')) address.searchParams.append(name, value);
  return address.href;
}
