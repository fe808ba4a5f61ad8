// Charts by keyboard: move between points, select a range, zoom into it. The point at the crosshair is read out.
import { iso } from './zone-time.js';

export function startChartKeys(charts, { moveTo, zoomTo }) {
  let anchor = null;
  document.addEventListener('keydown', event => {
    const canvas = event.target.closest?.('[data-canvas]');
    const chart = canvas && charts.get(canvas.dataset.canvas);
    if (!chart || event.ctrlKey || event.metaKey || event.altKey) return;
    const points = chart.data.datasets[0].data;
    const at = points.findIndex(p => p.x === chart.sensordash.time);
    const stride = Math.max(1, Math.round(points.length / 20));
    const target = {
      ArrowLeft: () => step(points, at < 0 ? points.length : at, -1),
      ArrowRight: () => step(points, at, 1),
      PageUp: () => step(points, at < 0 ? points.length : at, -stride),
      PageDown: () => step(points, at, stride),
      Home: () => step(points, -1, 1),
      End: () => step(points, points.length, -1),
    }[event.key];
    if (target) {
      const index = target();
      if (event.shiftKey) anchor ??= at < 0 ? index : at;
      else anchor = null;
      mark(anchor === null ? null : [points[anchor].x, points[index].x]);
      for (const each of charts.values()) each.sensordash.isInGap = false; // Ignores the position of the mouse.
      moveTo(index);
      read(chart, canvas.dataset.canvas, points[index]);
    } else if (event.key === 'Enter' && anchor !== null && anchor !== at && at >= 0) {
      const ends = [points[anchor].x, points[at].x].sort((a, b) => a - b);
      [anchor] = [null];
      mark(null);
      moveTo(null);
      zoomTo(...ends);
    } else if (event.key === 'Escape') {
      anchor = null;
      mark(null);
      moveTo(null);
    } else return;
    event.preventDefault();
  });

  function mark(range) {
    for (const chart of charts.values()) chart.sensordash.mark = range;
  }
}

// The next point with a value; one step skips a gap.
function step(points, from, by) {
  let index = Math.min(points.length - 1, Math.max(0, from + by));
  while (points[index].y === null && points[index + Math.sign(by)]) index += Math.sign(by);
  return index;
}

function read(chart, quantity, point) {
  const readout = document.querySelector(`[data-readout="${quantity}"]`);
  const time = point.title ?? iso(point.x, chart.sensordash.zone);
  readout.textContent = `${time}: ${point.y === null ? 'no data' : chart.sensordash.textOf(point).join(', ')}`;
}
