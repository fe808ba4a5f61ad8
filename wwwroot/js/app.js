// Starts all modules; a module does nothing on pages without its elements.
import { startClock } from './clock.js';
import { startConfirm } from './confirm.js';
import { startCopy } from './copy.js';
import { startExport } from './export.js';
import { startForms } from './forms.js';
import { startFragments } from './fragments.js';
import { startKeys } from './keys.js';
import { startRefresh } from './refresh.js';
import { startSidePath } from './side-path.js';
import { startSoft, swap } from './soft.js';
import { startTheme } from './theme.js';

startTheme();
startSoft();
startForms();
startRefresh();
startClock();
startCopy();
startKeys();
startConfirm();
startExport();
startFragments();
startSidePath();
if (document.querySelector('[data-charts]') || document.querySelector('[data-live="range"]')) {
  const { startCharts } = await import('./charts.js');
  startCharts();
}
if (document.querySelector('[data-parts]')) {
  const { startFleet } = await import('./fleet.js');
  startFleet();
}

// The server renders the first page of a browser before it knows the browser's time zone: load it again. An error page has no times.
const { zone, zoneChoice } = document.documentElement.dataset;
const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (!document.querySelector('[data-error-page]') && zoneChoice === 'browser' && browserZone && zone !== browserZone && !sessionStorage.getItem('zone-told')) {
  sessionStorage.setItem('zone-told', browserZone); // Once: a zone that the server does not know must not loop.
  await swap(location.href);
}
