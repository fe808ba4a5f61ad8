// Shortcuts: a key clicks or focuses the element with that data-key; g and a letter open a page.

const Pages = { d: 0, a: 1, v: 2, z: 3, e: 4, s: 5 };
let going = false;

export function startKeys() {
  const help = document.querySelector('[data-keys]');
  document.addEventListener('click', event => { if (event.target.closest('[data-help]')) help.showModal(); });
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isField(event.target) || help.open || isPressed(event)) return;
    if (event.key === '?') return act(event, () => help.showModal());
    if (going && event.key in Pages) return act(event, () => document.querySelectorAll('[data-nav] a')[Pages[event.key]].click());
    going = event.key === 'g';
    if (going) return;
    const target = [...document.querySelectorAll(`[data-key="${CSS.escape(event.key)}"]`)].find(e => e.checkVisibility());
    if (target) act(event, () => target.matches('input') ? target.focus() : target.click());
  });
}

function act(event, action) {
  event.preventDefault();
  going = false;
  action();
}

// The space bar presses what has the focus.
function isPressed({ key, target }) {
  return key === ' ' && target.closest('button, summary, a, [tabindex]:not(main)') !== null;
}

function isField(target) {
  return target.matches('input:not([type=checkbox], [type=radio]), select, textarea');
}
