// Percentile bands of many nodes over time, from GET /api/fleet/series.
import { startChartKeys } from './chart-keys.js';
import { colorsOf, moveTo as moveAll, zoomTo as zoomFrom } from './chart-moves.js';
import { clip } from './chart-plugins.js';
import { chartLibrary, createChart, recolor, showPoints } from './chart-view.js';
import { number } from './numbers.js';
import { runsOf, toFahrenheit } from './series.js';
import { waitIn } from './waiting.js';
import { iso } from './zone-time.js';

const Timeout = 60_000; // ms

const charts = new Map(); // At most one, with the key "fleet".
let running = null;
let loaded = null;
let shown = null;

export function startFleet() {
  load();
  document.addEventListener('page:swapped', load);
  document.addEventListener('theme:changed', () => {
    for (const chart of charts.values()) {
      chart.sensordash.colors = colorsOf(chart.sensordash.quantity);
      recolor(chart);
    }
  });
  startChartKeys(charts, { moveTo, zoomTo });
}

async function load() {
  const old = charts.get('fleet');
  if (old && !old.canvas.isConnected) {
    old.destroy();
    charts.clear();
  }
  const panel = document.querySelector('[data-fleet]');
  const fleet = panel?.dataset.fleet;
  // A refresh needs no second request for points that are on their way.
  if (running && running.panel === panel && running.fleet === fleet && !running.own.signal.aborted) return;
  running?.own.abort();
  if (!panel) return void (loaded = running = null);
  const own = new AbortController();
  running = { panel, fleet, own };
  await waitIn(panel, own, async signal => {
    // Another unit or quantity of the same readings needs no new request.
    if (loaded?.fleet !== fleet) loaded = { fleet, series: await fetchSeries(fleet, signal) };
    await chartLibrary();
    if (signal.aborted) return;
    const { from, to, unit, quantity, tz } = panel.dataset;
    const wanted = [fleet, from, to, unit, quantity, tz].join();
    if (charts.size === 0 || loaded.wanted !== wanted) draw(panel, loaded.series);
    else describe(panel, charts.get('fleet').data.datasets[0].data, loaded.series);
    loaded.wanted = wanted;
  }, load, loaded !== null && loaded.fleet !== fleet);
  if (running?.own === own) running = null;
}

async function fetchSeries(address, signal) {
  const response = await fetch(address, { headers: { accept: 'application/json' }, signal: AbortSignal.any([signal, AbortSignal.timeout(Timeout)]) });
  const body = await response.json();
  if (!response.ok) throw Object.assign(new Error(body.detail ?? body.title), { traceId: body.traceId });
  return body;
}

function draw(panel, series) {
  const { quantity, unit, tz } = panel.dataset;
  // The first and last buckets extend beyond the range.
  const view = { from: Number(panel.dataset.from), to: Number(panel.dataset.to), length: series.bucket_seconds };
  const canvas = panel.querySelector('[data-canvas]');
  const convert = quantity === 'temperature' && unit === 'f' ? toFahrenheit : value => value;
  const points = pointsOf(series, quantity, convert, tz);
  const state = {
    quantity, from: view.from * 1000, to: view.to * 1000, zone: tz, unit: quantity === 'humidity' ? '%RH' : unit === 'f' ? '°F' : '°C',
    gaps: gapsOf(view, points), halfBucket: series.bucket_seconds * 500, isBucketed: true, colors: colorsOf(quantity), time: null, mark: null, textOf: point => textOf(point, state),
  };
  const chart = charts.get('fleet');
  if (chart) {
    // The chart's handlers keep the object, so its contents are replaced, not the object.
    Object.assign(chart.sensordash, state);
    chart.sensordash.textOf = point => textOf(point, chart.sensordash);
    showPoints(chart, points);
    moveTo(null, true);
  } else {
    canvas.addEventListener('mouseleave', () => moveTo(null));
    charts.set('fleet', createChart(canvas.querySelector('canvas'), state, points, { onHover: moveTo, spread: bands }));
  }
  shown = view;
  canvas.querySelector('[data-skeleton]')?.remove();
  describe(panel, points, series);
}

// One point in the middle of each bucket, and a null point where buckets have no readings.
function pointsOf(series, quantity, convert, zone) {
  const points = [];
  const half = series.bucket_seconds * 500;
  const usual = medianOf(series.buckets.filter(b => !b.partial).map(b => b.reading_count)); // As in FleetSeries.
  for (const bucket of series.buckets) {
    const values = bucket[quantity];
    if (values.p50 === null) continue;
    const start = bucket.bucket_start * 1000;
    const before = points.at(-1);
    const few = bucket.reading_count * 10 < usual * 9 ? usual : null;
    if (before && before.start + 2 * half < start) points.push({ x: (before.x + start + half) / 2, y: null });
    points.push({
      x: start + half, start, y: convert(values.p50), p95: convert(values.p95), p99: convert(values.p99), min: convert(values.min), max: convert(values.max),
      readings: readingsText(bucket.reading_count, few), nodes: nodesText(bucket.node_count, series.expected_node_count), partial: bucket.partial,
      count: bucket.reading_count, expected: bucket.partial || few || bucket.node_count < series.expected_node_count, title: `${iso(start, zone)}, ${lengthText(series.bucket_seconds)}`,
    });
  }
  return points;
}

// Gaps between buckets, before the first and after the last; the future has no gaps.
function gapsOf(view, points) {
  const known = points.filter(point => point.y !== null).map(point => point.start / 1000);
  const end = Math.min(view.to, Date.now() / 1000);
  const gaps = [];
  let from = view.from;
  for (const start of known) {
    if (start - from >= 1) gaps.push({ from, to: start });
    from = start + view.length;
  }
  if (end - from >= view.length) gaps.push({ from, to: end });
  return gaps;
}

function describe(panel, points, series) {
  const known = points.filter(point => point.y !== null);
  const total = known.reduce((sum, point) => sum + point.count, 0);
  panel.querySelector('[data-fleet-resolution]').textContent =
    `${lengthText(series.bucket_seconds)}${known.length ? `, ${number(Math.round(total / known.length))} readings` : ''} per point`;
  const values = known.length === 0 ? [['readings', '0']] : [
    ['min', number(Math.min(...known.map(p => p.min)), 2)], ['max', number(Math.max(...known.map(p => p.max)), 2)], ['readings', number(total)]];
  panel.querySelector('[data-fleet-values]').replaceChildren(...values.map(([name, value]) => {
    const line = document.createElement('div');
    line.append(Object.assign(document.createElement('dt'), { textContent: name }), Object.assign(document.createElement('dd'), { textContent: value }));
    return line;
  }));
}

function textOf(point, { unit }) {
  return [`p50 ${number(point.y, 2)} ${unit}`, `p95 ${number(point.p95, 2)}, p99 ${number(point.p99, 2)}`, `min ${number(point.min, 2)}, max ${number(point.max, 2)}`,
    `${point.nodes}, ${point.readings}${point.partial ? ', incomplete' : ''}`];
}

// "540 of usually 720 readings" where some are missing.
function readingsText(count, usual) {
  return `${number(count)} ${usual ? `of usually ${number(usual)} ` : ''}reading${count === 1 && !usual ? '' : 's'}`;
}

const medianOf = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

// "11 of 12 nodes" where some are missing.
function nodesText(count, expected) {
  const all = Math.max(count, expected);
  return `${count < expected ? `${count} of ` : ''}${number(all)} node${all === 1 ? '' : 's'}`;
}

function lengthText(seconds) {
  const parts = [[Math.floor(seconds / 86_400), 'd'], [Math.floor(seconds % 86_400 / 3600), 'h'], [Math.floor(seconds % 3600 / 60), 'min'], [seconds % 60, 's']];
  return parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`).join(' ');
}

const moveTo = (index, isForced) => moveAll(charts, index, isForced);

const zoomTo = (from, to) => zoomFrom(shown, from, to);

// Three nested bands, each darker than the last; a bucket has its full width, so that a single one is visible.
const bands = {
  id: 'bands',
  beforeDatasetsDraw(chart) {
    const { ctx, chartArea, scales: { x, y }, sensordash: own } = chart;
    clip(ctx, chartArea, () => {
      ctx.fillStyle = own.colors.band;
      ctx.strokeStyle = own.colors.band;
      for (const [low, high] of [['min', 'max'], ['y', 'p99'], ['y', 'p95']]) {
        for (const run of runsOf(chart.data.datasets[0].data)) {
          const edges = [{ ...run[0], x: run[0].x - own.halfBucket }, ...run, { ...run.at(-1), x: run.at(-1).x + own.halfBucket }];
          ctx.beginPath();
          for (const p of edges) ctx.lineTo(x.getPixelForValue(p.x), y.getPixelForValue(p[high]));
          for (const p of edges.toReversed()) ctx.lineTo(x.getPixelForValue(p.x), y.getPixelForValue(p[low]));
          ctx.closePath();
          ctx.fill();
          if (low === 'min') ctx.stroke();
        }
      }
    });
  },
};
