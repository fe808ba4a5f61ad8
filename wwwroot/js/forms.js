// Forms: those that only ask change the URL, with their fields as parameters and without the empty ones; the others are sent.
import { focusFault, send, visit } from './navigation.js';

const TypingPause = 400; // ms without input before the form applies.

export function startForms() {
  document.addEventListener('submit', event => {
    const [form, button] = [event.target, event.submitter];
    if (event.defaultPrevented || form.method === 'dialog' || button?.name === 'handler') return;
    event.preventDefault();
    if (form.method === 'post') return send(form, button);
    // What the page makes of it, not what was typed, is shown next.
    for (const field of form.querySelectorAll('[data-once]')) field.defaultValue = field.value;
    // Without a button a field has submitted the form: the focus stays there.
    visit(urlOf(form), () => { if (button) focusFault(form); });
  });
  document.addEventListener('change', event => {
    if (event.target.matches('[data-submit]')) event.target.form.requestSubmit();
  });
  document.addEventListener('input', event => {
    const form = event.target.form;
    for (const name of event.target.dataset.clears?.split(',') ?? []) form.elements[name].value = '';
    // From and to replace the range.
    if (['from', 'to'].includes(event.target.name) && form.elements.range) form.elements.range.value = '';
    if (!form?.matches('[data-soft-change]')) return;
    clearTimeout(form.pending);
    form.pending = setTimeout(() => visit(urlOf(form)), TypingPause);
  });
}

function urlOf(form) {
  const url = new URL(form.getAttribute('action') ?? location.href, location.href);
  url.search = '';
  url.hash = '';
  for (const [name, value] of new FormData(form)) if (value !== '' && !(name === 'tz' && value === 'browser')) url.searchParams.append(name, value);
  return url.href;
}
