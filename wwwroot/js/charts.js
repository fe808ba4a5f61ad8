// The charts of a node page: they draw the series that the server put into the page, and share one crosshair.
import { startChartKeys } from './chart-keys.js';
import { colorsOf, moveTo as moveAll, zoomTo as zoomFrom } from './chart-moves.js';
import { chartLibrary, createChart, pause, recolor, showPoints, textOf } from './chart-view.js';
import { saveSeen } from './seen-csv.js';
import { pointsOf, toFahrenheit } from './series.js';
import { clockSeconds } from './zone-time.js';

const charts = new Map(); // By quantity.
let loaded = null;
let shown = null; // The series on screen.

export function startCharts() {
  load();
  document.addEventListener('page:swapped', load);
  document.addEventListener('theme:changed', () => {
    for (const chart of charts.values()) {
      chart.sensordash.colors = colorsOf(chart.sensordash.quantity);
      recolor(chart);
    }
  });
  document.addEventListener('dblclick', event => {
    if (event.target.closest('[data-canvas]')) document.querySelector('a[data-key="0"]')?.click();
  });
  document.addEventListener('click', event => {
    const section = document.querySelector('[data-charts]');
    if (event.target.closest('[data-csv-seen]') && shown) saveSeen(shown, section.dataset);
  });
  document.addEventListener('part:filled', showEvents);
  startChartKeys(charts, { moveTo, zoomTo });
}

// The list of events below the charts has their times and words.
function showEvents() {
  const found = [...document.querySelectorAll('[data-charts] [data-event-time]')].map(item => ({ time: Number(item.dataset.eventTime) * 1000, text: item.dataset.text }))
    .sort((a, b) => a.time - b.time);
  for (const chart of charts.values()) {
    const state = chart.sensordash;
    if (found.length + (state.events?.length ?? 0) === 0) continue;
    state.events = found;
    state.eventsAt = new Map();
    const points = chart.data.datasets[0].data.filter(p => p.y !== null);
    for (const event of points.length > 0 ? found : []) {
      const { x } = points.reduce((best, p) => Math.abs(p.x - event.time) < Math.abs(best.x - event.time) ? p : best);
      state.eventsAt.set(x, [...state.eventsAt.get(x) ?? [], `▼ ${clockSeconds(event.time, state.zone)} ${event.text}`]);
    }
    chart.draw();
  }
}

async function load() {
  for (const [quantity, chart] of charts) {
    if (chart.canvas.isConnected) continue;
    chart.destroy();
    charts.delete(quantity);
  }
  const section = document.querySelector('[data-charts]');
  if (!section) return void (loaded = null);
  const { unit, tz } = section.dataset;
  const text = section.querySelector('[data-series]').textContent;
  const wanted = [unit, tz, text].join();
  const isNew = [...section.querySelectorAll('[data-canvas]')].some(element => !charts.has(element.dataset.canvas));
  if (wanted === loaded && !isNew) return;
  loaded = wanted;
  await chartLibrary();
  if (loaded !== wanted || !section.isConnected) return; // Another page, or newer points, came meanwhile.
  shown = JSON.parse(text);
  await show(section, shown);
}

async function show(section, series) {
  const held = [...charts.values()][0]?.sensordash.time ?? null;
  for (const element of section.querySelectorAll('[data-canvas]')) {
    const quantity = element.dataset.canvas;
    const isFahrenheit = section.dataset.unit === 'f';
    const state = {
      quantity,
      from: series.from * 1000,
      to: series.to * 1000,
      zone: section.dataset.tz,
      unit: quantity === 'humidity' ? '%RH' : isFahrenheit ? '°F' : '°C',
      gaps: series.gaps,
      isBucketed: series.resolution === 'bucketed',
      colors: colorsOf(quantity),
      time: null,
      mark: null,
    };
    state.textOf = point => [...textOf(state, point), ...charts.get(quantity)?.sensordash.eventsAt?.get(point.x) ?? []];
    const chart = charts.get(quantity);
    const points = pointsOf(series, quantity, quantity === 'temperature' && isFahrenheit ? toFahrenheit : value => value);
    if (chart) {
      Object.assign(chart.sensordash, state);
      showPoints(chart, points);
      continue;
    }
    charts.set(quantity, createChart(element.querySelector('canvas'), state, points, { onHover: moveTo }));
    element.addEventListener('mouseleave', () => moveTo(null));
    element.querySelector('[data-skeleton]')?.remove();
    await pause(); // A slow phone answers between two charts.
    if (shown !== series) return;
  }
  showEvents();
  if (held === null) return;
  // The crosshair stays on its reading while new ones arrive, until the reading leaves the range.
  const [any] = charts.values();
  const index = any.data.datasets[0].data.findIndex(p => p.x === held);
  moveTo(null, true);
  if (index >= 0) moveTo(index);
}

const moveTo = (index, isForced) => moveAll(charts, index, isForced);

const zoomTo = (from, to) => zoomFrom(shown, from, to);
