// One chart: a quantity over time.
import { timeTicks } from './chart-axis.js';
import { band, crosshair, events, gaps } from './chart-plugins.js';
import { iso } from './zone-time.js';

// With fewer points, each has a dot.
const DottedBelow = 60;

const Faded = 0.4; // Opacity of marks that are not of the range that the page names.

// Sensor noise must not fill the height: the axis spans at least this much.
const MinSpan = 1;

/** `spread` draws the bands around the line; the state's `textOf` describes a point. */
export function createChart(canvas, state, { onZoom, onHover, spread = band }) {
  const chart = new Chart(canvas, {
    type: 'line',
    data: { datasets: [{ data: [] }] },
    options: options(state, onZoom, onHover),
    plugins: [fade, gaps, spread, events, crosshair, { id: 'own', beforeInit(c) { c.sensordash = state; } }],
  });
  return chart;
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
  const { sensordash: state } = chart;
  const values = points.filter(p => p.y !== null);
  const [low, high] = [Math.min(...values.map(p => p.min)), Math.max(...values.map(p => p.max))];
  const pad = values.length === 0 ? MinSpan : Math.max((high - low) * 0.06, (MinSpan - (high - low)) / 2);
  const { x, y } = chart.options.scales;
  [x.min, x.max] = [state.from, state.to];
  [y.suggestedMin, y.suggestedMax] = values.length === 0 ? [0, 1] : [low - pad, high + pad];
  if (state.quantity === 'humidity') [y.min, y.max] = [low - pad < 0 ? 0 : undefined, high + pad > 100 ? 100 : undefined];
  const isAlone = points.map((p, i) => p.y !== null && (points[i - 1]?.y ?? null) === null && (points[i + 1]?.y ?? null) === null);
  chart.data.datasets[0] = {
    data: points,
    borderColor: state.colors.series,
    backgroundColor: state.colors.series,
    borderWidth: 1.5,
    borderJoinStyle: 'round',
    pointRadius: points.map((_, i) => isAlone[i] ? 2.5 : values.length < DottedBelow ? 2 : 0),
    pointHoverRadius: 4,
    pointHitRadius: 0,
    spanGaps: false,
    // Fewer readings or nodes than usual; finer than the dashes that tell lines apart.
    segment: { borderDash: ({ p0DataIndex: a, p1DataIndex: b }) => isFew(points[a]) || isFew(points[b]) ? [2, 4] : undefined },
    clip: 8, // A dot at the edge is not cut off.
  };
  chart.update('none');
}

export function recolor(chart) {
  const { colors } = chart.sensordash;
  const { x, y } = chart.options.scales;
  y.ticks.color = colors.muted;
  for (const axis of [x, y]) axis.border.color = colors.line;
  x.grid.color = colors.grid;
  const { tooltip } = chart.options.plugins;
  Object.assign(tooltip, { backgroundColor: colors.plane, titleColor: colors.text, bodyColor: colors.text, borderColor: colors.edge });
  Object.assign(chart.data.datasets[0], { borderColor: colors.series, backgroundColor: colors.series });
  chart.update('none');
}

/** The text of one point, for tooltip and readout. */
export function textOf(state, point) {
  const number = value => value.toLocaleString(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const value = `${number(point.y)} ${state.unit}`;
  if (point.count === 1 && !point.expected) return [value];
  return [`${value}, mean of ${point.count}${point.expected ? ` of ${point.expected} readings` : ''}`, `${number(point.min)} … ${number(point.max)} min–max`];
}

const isFew = point => Boolean(point.expected);

function options(state, onZoom, onHover) {
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
        type: 'time',
        grid: { drawTicks: false },
        border: {},
        // Ticks in the selected time zone; the adapter's are in that of the browser.
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
        ticks: { maxTicksLimit: 6, padding: 6, font: { size: 11 }, callback: value => value.toLocaleString() },
      },
    },
    plugins: {
      legend: { display: false }, // The page has the legend, where it can be read and copied.
      tooltip: {
        displayColors: false,
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
      zoom: {
        limits: { x: { minRange: 10_000 } },
        zoom: {
          mode: 'x',
          drag: { enabled: true, threshold: 8, backgroundColor: 'rgba(86, 140, 200, .25)' },
          onZoomComplete: ({ chart }) => onZoom(chart.scales.x.min, chart.scales.x.max),
        },
      },
    },
  };
}
