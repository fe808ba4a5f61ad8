// One chart: a quantity over time.
import { timeTicks } from './chart-axis.js';
import { band, crosshair, events, gaps, lone } from './chart-plugins.js';
import { number } from './numbers.js';
import { iso } from './zone-time.js';

// With fewer points, each has a dot.
const DottedBelow = 60;

const Faded = 0.4; // Opacity of marks that are not of the range that the page names.

// Sensor noise must not fill the height: the axis spans at least this much.
const MinSpan = 1;

let library = null;

/** Loads the chart library, once, and not before the page was painted. */
export function chartLibrary() {
  library ??= new Promise(resolve => { requestAnimationFrame(() => setTimeout(resolve)); }).then(() => import(document.querySelector('[data-chart-library]').href));
  return library;
}

/** Lets the browser answer input and paint. */
export const pause = () => new Promise(resolve => { setTimeout(resolve); });

/** `spread` draws the bands around the line; the state's `textOf` describes a point. */
export function createChart(canvas, state, points, { onHover, spread = band }) {
  const config = {
    type: 'line',
    data: { datasets: [] },
    options: options(state, onHover),
    plugins: [fade, gaps, spread, lone, events, crosshair, { id: 'own', beforeInit(c) { c.sensordash = state; } }],
  };
  fill(config, state, points); // Before the chart exists: it lays itself out once.
  return new Chart(canvas, config);
}

/** Redraws the charts when they become outdated, or current again. */
export function startDimming() {
  document.addEventListener('page:outdated', () => {
    for (const chart of Object.values(globalThis.Chart?.instances ?? {})) chart.draw();
  });
}

// The first plugin: the marks of all others fade too, axes and their words do not.
const fade = {
  id: 'fade',
  beforeDatasetsDraw(chart) {
    chart.ctx.save();
    if (chart.canvas.closest('.outdated')) chart.ctx.globalAlpha = Faded;
  },
  afterDatasetsDraw: chart => chart.ctx.restore(),
};

/** Shows `points` in the range of the state; a bucketed point has min, max and count. */
export function showPoints(chart, points) {
  fill(chart, chart.sensordash, points);
  chart.update('none');
}

/** Shows the colors of the state, which has those of another theme. */
export function recolor(chart) {
  const { series } = chart.sensordash.colors;
  Object.assign(chart.data.datasets[0], { borderColor: series, backgroundColor: series });
  chart.update('none');
}

function fill({ data, options: { scales: { x, y } } }, state, points) {
  const values = points.filter(p => p.y !== null);
  const [low, high] = [Math.min(...values.map(p => p.min)), Math.max(...values.map(p => p.max))];
  const pad = values.length === 0 ? MinSpan : Math.max((high - low) * 0.06, (MinSpan - (high - low)) / 2);
  [x.min, x.max] = [state.from, state.to];
  [y.suggestedMin, y.suggestedMax] = values.length === 0 ? [0, 1] : [low - pad, high + pad];
  if (state.quantity === 'humidity') [y.min, y.max] = [low - pad < 0 ? 0 : undefined, high + pad > 100 ? 100 : undefined];
  // A property that differs by point, or a function of it, is resolved for each point and makes the chart four times as slow: hence one radius,
  // dashes only where they are needed, and a plugin for points that stand alone.
  data.datasets[0] = {
    data: points,
    borderColor: state.colors.series,
    backgroundColor: state.colors.series,
    borderWidth: 1.5,
    borderJoinStyle: 'round',
    pointRadius: values.length < DottedBelow ? 2 : 0,
    pointHoverRadius: 4,
    pointHitRadius: 0,
    spanGaps: false,
    // Fewer readings or nodes than usual; finer than the dashes that tell lines apart.
    ...values.some(isFew) && { segment: { borderDash: ({ p0DataIndex: a, p1DataIndex: b }) => isFew(points[a]) || isFew(points[b]) ? [2, 4] : undefined } },
    clip: 8, // A dot at the edge is not cut off.
  };
}

/** The text of one point, for tooltip and readout. */
export function textOf(state, point) {
  const value = `${number(point.y, 2)} ${state.unit}`;
  if (point.count === 1 && !point.expected) return [value];
  return [`${value}, mean of ${point.count}${point.expected ? ` of ${point.expected} readings` : ''}`, `${number(point.min, 2)} … ${number(point.max, 2)} min–max`];
}

const isFew = point => Boolean(point.expected);

function options(state, onHover) {
  return {
    animation: false,
    maintainAspectRatio: false,
    normalized: true,
    parsing: false,
    interaction: { mode: 'nearest', axis: 'x', intersect: false },
    onHover: (event, elements, chart) => {
      const time = chart.scales.x.getValueForPixel(event.x);
      // A gap has no points, however near the next reading is.
      state.isInGap = state.gaps.some(gap => time > gap.from * 1000 && time < gap.to * 1000);
      onHover(state.isInGap ? null : elements[0]?.index ?? null);
    },
    layout: { padding: { top: 6, right: 4 } },
    scales: {
      x: {
        type: 'linear', // Milliseconds; the ticks are ours, in the selected time zone.
        grid: { color: () => state.colors.grid, drawTicks: false },
        border: { color: () => state.colors.line },
        afterBuildTicks: scale => { scale.ticks = timeTicks(scale, state.zone); },
        ticks: {
          autoSkip: false, maxRotation: 0, padding: 4, callback: (_, i, ticks) => ticks[i].label,
          // The first label of a day stands out.
          font: ({ tick }) => ({ size: 11, weight: tick?.isDay ? 600 : 400 }),
          color: ({ tick }) => tick?.isDay ? state.colors.text : state.colors.muted,
        },
      },
      y: {
        grid: {
          color: ({ tick }) => tick?.value === 0 ? state.colors.edge : state.colors.grid, drawTicks: false,
        },
        border: { display: false },
        afterFit: scale => { scale.width = 40; }, // The same in all charts, so that their time axes align.
        ticks: { maxTicksLimit: 6, padding: 6, font: { size: 11 }, color: () => state.colors.muted, callback: value => number(value) },
      },
    },
    plugins: {
      legend: { display: false }, // The page has the legend, where it can be read and copied.
      tooltip: {
        displayColors: false,
        backgroundColor: () => state.colors.plane,
        titleColor: () => state.colors.text,
        bodyColor: () => state.colors.text,
        borderColor: () => state.colors.edge,
        filter: () => !state.isInGap,
        borderWidth: 1,
        padding: { x: 8, y: 6 },
        cornerRadius: 4,
        caretSize: 0,
        caretPadding: 10,
        titleFont: { size: 11, weight: 600 },
        bodyFont: { size: 11 },
        callbacks: {
          title: ([item]) => item && (item.raw.title ?? iso(item.raw.x, state.zone)),
          label: item => state.textOf(item.raw),
        },
      },
    },
  };
}
