// Menus close on a click outside, on Escape, and when one of their links or forms is used.

export function startMenus() {
  document.addEventListener('click', event => {
    const inside = event.target.closest('.menu');
    close(menu => menu !== inside || event.target.closest('.menu .pop a, .menu .pop button:not([data-copy])'));
  });
  document.addEventListener('submit', event => close(menu => menu.contains(event.target)));
  document.addEventListener('keydown', event => {
    if (event.key !== 'Escape') return;
    const open = document.activeElement?.closest('.menu[open]');
    close(() => true);
    open?.querySelector('summary').focus();
  });
}

function close(isClosed) {
  for (const menu of document.querySelectorAll('.menu[open]')) if (isClosed(menu)) menu.open = false;
}
