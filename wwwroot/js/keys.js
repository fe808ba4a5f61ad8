// Shortcuts: a key clicks or focuses the element with that data-key; g and a letter open a page.

const Pages = { d: '/', a: '/analytics', v: '/events', z: '/zones', e: '/export', s: '/system' };
let going = false;

export function startKeys() {
  const help = document.querySelector('[data-keys]');
  document.querySelector('[data-help]')?.addEventListener('click', () => help.showModal());
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isField(event.target) || help.open) return;
    if (event.key === '?') return act(event, () => help.showModal());
    if (going && event.key in Pages) return act(event, () => [...document.querySelectorAll('nav a')].find(link => link.pathname === Pages[event.key])?.click());
    going = event.key === 'g';
    if (going) return;
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (target) act(event, () => target.matches('input') ? target.focus() : target.click());
  });
}

function act(event, action) {
  event.preventDefault();
  going = false;
  action();
}

function isField(target) {
  return target.matches('input:not([type=checkbox], [type=radio]), select, textarea');
}
