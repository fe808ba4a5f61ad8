// Shared by all charts: one crosshair per page, zoom by URL, colors from the style sheet.
import { visit } from './navigation.js';

/** The shortest range that zooming reaches. */
export const MinSeconds = 10;

/** Moves the crosshair of all charts to one point; null removes it. */
export function moveTo(charts, index, isForced = false) {
  for (const chart of charts.values()) {
    const point = index === null ? null : chart.data.datasets[0].data[index];
    const time = point ? point.x : null;
    const active = point && point.y !== null ? [{ datasetIndex: 0, index }] : [];
    if (chart.sensordash.time === time && !isForced) continue;
    chart.sensordash.time = time;
    chart.setActiveElements(active);
    chart.tooltip.setActiveElements(active, { x: 0, y: 0 });
    chart.draw();
  }
}

/** Zooms all charts, statistics and tables: the range is in the URL, and Back undoes it. */
export function zoomTo(shown, from, to) {
  const address = new URL(location.href);
  const query = address.searchParams;
  const text = time => new Date(Math.round(time / 1000) * 1000).toISOString().replace('.000', '');
  const before = query.get('base') ?? query.get('range') ?? (query.get('from') ? `${text(shown.from * 1000)} to ${text(shown.to * 1000)}` : '24h');
  for (const name of ['range', 'page', 'from', 'to', 'base']) query.delete(name);
  query.set('from', text(from));
  query.set('to', text(to));
  query.set('base', before);
  return visit(address.href);
}

/** The plot of a chart: its left edge and width in pixels of the window, its range in seconds. A canvas has axes beside it, a drawing of the server has none. */
export function plotOf(chart) {
  const canvas = chart.querySelector('canvas');
  const drawn = canvas && globalThis.Chart?.getChart(canvas);
  const box = (canvas ?? chart).getBoundingClientRect();
  const area = drawn ? { left: box.left + drawn.chartArea.left, width: drawn.chartArea.width } : { left: box.left, width: box.width };
  const range = drawn ? { from: drawn.sensordash.from / 1000, to: drawn.sensordash.to / 1000 } : { from: Number(chart.dataset.from), to: Number(chart.dataset.to) };
  return { ...area, ...range, first: range };
}

export function colorsOf(quantity) {
  const style = getComputedStyle(document.documentElement);
  const color = name => style.getPropertyValue(`--${name}`).trim();
  return {
    series: color(quantity), band: color(`${quantity}-band`), plane: color('plane'), text: color('text'), muted: color('muted'), edge: color('edge'),
    line: color('line'), grid: color('grid'), hatch: color('hatch'), mark: color('mark'), event: color('s5'),
  };
}
