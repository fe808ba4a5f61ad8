// Runs before the page is drawn. Sends the browser's time zone in a cookie, because no request header contains it, and marks that scripts run.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  document.documentElement.classList.add('scripted');
  if (zone) document.cookie = `sensordash-zone=${zone}; path=/; max-age=31536000; samesite=lax`;
})();
