// Light, dark or the system setting, in a cookie, so that the server renders the right theme. And the time of printing.
import { iso } from './zone-time.js';

const Next = { '': 'light', light: 'dark', dark: '' };

export function startTheme() {
  label();
  document.addEventListener('page:swapped', label);
  document.addEventListener('click', event => {
    if (!event.target.closest('[data-theme-switch]')) return;
    const root = document.documentElement;
    const choice = Next[root.dataset.theme ?? ''];
    if (choice) root.dataset.theme = choice;
    else delete root.dataset.theme;
    document.cookie = `sensordash-theme=${choice}; path=/; max-age=${choice ? 31_536_000 : 0}; samesite=lax`;
    label();
    document.dispatchEvent(new CustomEvent('theme:changed'));
  });
  // A canvas keeps its colors; print is always light.
  let before = null;
  addEventListener('beforeprint', () => {
    before = document.documentElement.dataset.theme ?? '';
    document.documentElement.dataset.theme = 'light';
    for (const text of document.querySelectorAll('[data-printed]')) text.textContent = `printed ${iso(Date.now(), document.documentElement.dataset.zone).replace('T', ' ')}`;
    document.dispatchEvent(new CustomEvent('theme:changed'));
  });
  addEventListener('afterprint', () => {
    if (before) document.documentElement.dataset.theme = before;
    else delete document.documentElement.dataset.theme;
    document.dispatchEvent(new CustomEvent('theme:changed'));
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => document.dispatchEvent(new CustomEvent('theme:changed')));
}

function label() {
  const text = `Theme: ${document.documentElement.dataset.theme ?? 'auto'}`;
  for (const button of document.querySelectorAll('[data-theme-switch]')) {
    const visible = button.querySelector('[data-theme-text]');
    if (visible) visible.textContent = text;
    else button.title = button.ariaLabel = text;
  }
}
