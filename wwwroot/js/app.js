// Starts all modules; a module does nothing on pages without its elements.
import { startCharts } from './charts.js';
import { startDimming } from './chart-view.js';
import { startClock } from './clock.js';
import { startConfirm } from './confirm.js';
import { startCopy } from './copy.js';
import { startExport } from './export.js';
import { startFleet } from './fleet.js';
import { startForms } from './forms.js';
import { startKeys } from './keys.js';
import { startMenus } from './menus.js';
import { refresh, startNavigation } from './navigation.js';
import { startPlayer } from './player.js';
import { startPlots } from './plots.js';
import { startPush } from './pushed.js';
import { startRefresh } from './refresh.js';
import { startSidePath } from './side-path.js';
import { startTheme } from './theme.js';
import { startTouch } from './touch.js';
import { startParts } from './waiting.js';

startClock();
startTheme();
startNavigation();
startExport();
startForms();
startRefresh();
startPush();
startCopy();
startKeys();
startMenus();
startPlots();
startTouch();
startPlayer();
startConfirm();
startSidePath();
startCharts();
startFleet();
startDimming();

// The browser's time zone in a cookie, because no request header contains it. The server renders the first page of a browser before it knows the zone:
// fetch it again. An error page has no times.
const { zone, zoneChoice } = document.documentElement.dataset;
const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (browserZone) document.cookie = `sensordash-zone=${browserZone}; path=/; max-age=31536000; samesite=lax`;
if (!document.querySelector('[data-error-page]') && zoneChoice === 'browser' && browserZone && zone !== browserZone && !sessionStorage.getItem('zone-told')) {
  sessionStorage.setItem('zone-told', browserZone); // Once: a zone that the server does not know must not loop.
  await refresh();
}
startParts(); // Once, with the times of that zone.
