// A destructive button is disabled until the name is typed. The server checks again.

export function startConfirm() {
  apply();
  document.addEventListener('input', event => { if (event.target.matches('[data-confirm]')) apply(); });
  document.addEventListener('page:swapped', apply);
}

function apply() {
  for (const field of document.querySelectorAll('[data-confirm]'))
    field.form.querySelector('button').disabled = field.value.trim() !== field.dataset.confirm;
}
