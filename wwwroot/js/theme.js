// Light, dark or the system setting, in a cookie, so that the server renders the right theme.

export function startTheme() {
  for (const choice of document.querySelectorAll('.theme input')) {
    choice.addEventListener('change', () => {
      const root = document.documentElement;
      if (choice.value) root.dataset.theme = choice.value;
      else delete root.dataset.theme;
      document.cookie = `sensordash-theme=${choice.value}; path=/; max-age=${choice.value ? 31_536_000 : 0}; samesite=lax`;
      document.dispatchEvent(new CustomEvent('theme:changed'));
    });
  }
  // A canvas keeps its colors; print is always light.
  let before = null;
  addEventListener('beforeprint', () => {
    before = document.documentElement.dataset.theme ?? '';
    document.documentElement.dataset.theme = 'light';
    document.dispatchEvent(new CustomEvent('theme:changed'));
  });
  addEventListener('afterprint', () => {
    if (before) document.documentElement.dataset.theme = before;
    else delete document.documentElement.dataset.theme;
    document.dispatchEvent(new CustomEvent('theme:changed'));
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => document.dispatchEvent(new CustomEvent('theme:changed')));
}
