// What charts draw besides the line: the min–max band, hatched gaps with labels, the crosshair and the selected range.
import { number } from './numbers.js';
import { runsOf } from './series.js';
import { span } from './zone-time.js';

/** Band between minimum and maximum of each point, so that spikes are visible. */
export const band = {
  id: 'band',
  beforeDatasetsDraw(chart) {
    const { ctx, chartArea, scales: { x, y }, sensordash: own } = chart;
    if (!own.isBucketed) return;
    clip(ctx, chartArea, () => {
      ctx.fillStyle = own.colors.band;
      ctx.strokeStyle = own.colors.band;
      for (const run of runsOf(chart.data.datasets[0].data)) {
        ctx.beginPath();
        for (const p of run) ctx.lineTo(x.getPixelForValue(p.x), y.getPixelForValue(p.max));
        for (const p of run.toReversed()) ctx.lineTo(x.getPixelForValue(p.x), y.getPixelForValue(p.min));
        ctx.closePath();
        ctx.fill();
        ctx.stroke(); // The fill of a single spike is too narrow to see.
        if (run.length > 1) continue;
        const [left, top, bottom] = [x.getPixelForValue(run[0].x), y.getPixelForValue(run[0].max), y.getPixelForValue(run[0].min)];
        ctx.fillRect(left - 1, top, 2, bottom - top);
      }
    });
  },
};

/** Dots for points between two gaps: no line leads to them. */
export const lone = {
  id: 'lone',
  afterDatasetsDraw(chart) {
    const { ctx, chartArea, scales: { x, y }, sensordash: own } = chart;
    clip(ctx, chartArea, () => {
      ctx.fillStyle = own.colors.series;
      for (const [point, next] of runsOf(chart.data.datasets[0].data)) {
        if (next) continue;
        ctx.beginPath();
        ctx.arc(x.getPixelForValue(point.x), y.getPixelForValue(point.y), 2.5, 0, 2 * Math.PI);
        ctx.fill();
      }
    });
  },
};

/** Gaps, hatched over the full height, with labels where they fit. */
export const gaps = {
  id: 'gaps',
  beforeDraw(chart) {
    const { ctx, chartArea, scales: { x }, sensordash: own } = chart;
    clip(ctx, chartArea, () => {
      for (const gap of own.gaps) {
        const left = Math.max(chartArea.left, x.getPixelForValue(gap.from * 1000));
        const right = Math.min(chartArea.right, x.getPixelForValue(gap.to * 1000));
        if (right <= left) continue;
        ctx.fillStyle = hatch(ctx, own.colors.hatch);
        ctx.fillRect(left, chartArea.top, Math.max(1, right - left), chartArea.height);
      }
    });
  },
  afterDatasetsDraw(chart) {
    const { ctx, chartArea, scales: { x }, sensordash: own } = chart;
    ctx.save();
    ctx.font = '11px system-ui, sans-serif';
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    let end = chartArea.left; // Of the label before: labels do not overlap, and the table has every gap.
    for (const gap of own.gaps) {
      const left = Math.max(chartArea.left, x.getPixelForValue(gap.from * 1000));
      const right = Math.min(chartArea.right, x.getPixelForValue(gap.to * 1000));
      const text = `no data ${span(gap.from * 1000, gap.to * 1000, own.zone)}${gap.missing === undefined ? '' : ` (${number(gap.missing)} missing)`}`;
      const half = ctx.measureText(text).width / 2 + 6;
      const middle = Math.min(chartArea.right - half, Math.max(chartArea.left + half, (left + right) / 2));
      if (right <= left || middle - half < end) continue;
      end = middle + half + 4;
      ctx.fillStyle = own.colors.plane;
      ctx.fillRect(middle - half, chartArea.bottom - 19, 2 * half, 16);
      ctx.fillStyle = own.colors.text;
      ctx.fillText(text, middle, chartArea.bottom - 11);
    }
    ctx.restore();
  },
};

/** One line at the same time in all charts of the page, and the range selected by keyboard. */
export const crosshair = {
  id: 'crosshair',
  afterDatasetsDraw(chart) {
    const { ctx, chartArea, scales: { x }, sensordash: own } = chart;
    clip(ctx, chartArea, () => {
      if (own.mark) {
        const [from, to] = own.mark.map(time => x.getPixelForValue(time));
        ctx.fillStyle = own.colors.mark;
        ctx.fillRect(Math.min(from, to), chartArea.top, Math.abs(to - from), chartArea.height);
      }
      if (own.time === null) return;
      ctx.strokeStyle = own.colors.text;
      ctx.globalAlpha = 0.6;
      ctx.beginPath();
      ctx.moveTo(x.getPixelForValue(own.time), chartArea.top);
      ctx.lineTo(x.getPixelForValue(own.time), chartArea.bottom);
      ctx.stroke();
    });
  },
};

/** Events about the node: a mark at the top and a dotted line at their time. */
export const events = {
  id: 'events',
  afterDatasetsDraw(chart) {
    const { ctx, chartArea: { left, right, top, bottom }, scales: { x }, sensordash: own } = chart;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = own.colors.event;
    let last = -Infinity; // Marks on the same pixels are one mark.
    for (const event of own.events ?? []) {
      const at = x.getPixelForValue(event.time);
      if (at < left || at > right || at - last < 1) continue;
      last = at;
      ctx.setLineDash([1, 3]);
      ctx.beginPath();
      ctx.moveTo(at, top + 7);
      ctx.lineTo(at, bottom);
      ctx.stroke();
      ctx.beginPath();
      ctx.moveTo(at - 4, top);
      ctx.lineTo(at + 4, top);
      ctx.lineTo(at, top + 7);
      ctx.fill();
    }
    ctx.restore();
  },
};

export function clip(ctx, area, draw) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(area.left, area.top, area.width, area.height);
  ctx.clip();
  draw();
  ctx.restore();
}

function hatch(ctx, color) {
  const tile = new OffscreenCanvas(5, 5);
  const pen = tile.getContext('2d');
  pen.strokeStyle = color;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const start of [-5, 0, 5]) {
    pen.moveTo(start, 5);
    pen.lineTo(start + 5, 0);
  }
  pen.stroke();
  return ctx.createPattern(tile, 'repeat');
}
