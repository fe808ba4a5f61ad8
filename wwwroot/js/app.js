// Everything a page may need; each module does nothing where its elements are missing.
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

// The very first page of a browser is drawn before the server knows its zone: draw the times again.
const { zone, zoneChoice } = document.documentElement.dataset;
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zoneChoice === 'browser' && own && zone !== own && !sessionStorage.getItem('zone-told')) {
  sessionStorage.setItem('zone-told', own); // Once: a zone the server does not know must not loop.
  await swap(location.href);
}
