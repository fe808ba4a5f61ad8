// Copy buttons: data-copy is the id of the element whose text is copied.

export function startCopy() {
  document.addEventListener('click', async event => {
    const button = event.target.closest('[data-copy]');
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    const done = await copy(source);
    button.textContent = done ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
}

async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.textContent); // Requires https or localhost.
    return true;
  } catch {
    getSelection().selectAllChildren(source);
    return false;
  }
}
