// What charts draw besides the line: the min–max band, hatched gaps with labels, the crosshair and the selected range.
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
      ctx.strokeStyle = own.colors.bandEdge;
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

/** Gaps, hatched over the full height, with labels that fit. */
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
    ctx.font = '12px system-ui, sans-serif';
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    for (const gap of own.gaps) {
      const left = Math.max(chartArea.left, x.getPixelForValue(gap.from * 1000));
      const right = Math.min(chartArea.right, x.getPixelForValue(gap.to * 1000));
      const lines = [`no data ${span(gap.from * 1000, gap.to * 1000, own.zone)}`];
      if (gap.missing !== undefined) lines.push(`(${gap.missing.toLocaleString()} reading${gap.missing === 1 ? '' : 's'} missing)`);
      write(ctx, lines, { left, right, top: chartArea.top, bottom: chartArea.bottom }, own.colors);
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
      ctx.strokeStyle = own.colors.muted;
      ctx.setLineDash([3, 3]);
      ctx.beginPath();
      ctx.moveTo(x.getPixelForValue(own.time), chartArea.top);
      ctx.lineTo(x.getPixelForValue(own.time), chartArea.bottom);
      ctx.stroke();
    });
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
  const tile = new OffscreenCanvas(8, 8);
  const pen = tile.getContext('2d');
  pen.strokeStyle = color;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const start of [-8, 0, 8]) {
    pen.moveTo(start, 8);
    pen.lineTo(start + 8, 0);
  }
  pen.stroke();
  return ctx.createPattern(tile, 'repeat');
}

// Horizontal if it fits, otherwise vertical, otherwise only the first line, otherwise none: the list of gaps has them all.
function write(ctx, lines, box, colors) {
  const line = 15;
  if (box.right - box.left < 2 * line + 4) lines = lines.slice(0, 1);
  const length = Math.max(...lines.map(text => ctx.measureText(text).width)) + 12;
  const across = box.right - box.left >= length;
  if (!across && (box.right - box.left < lines.length * line + 2 || box.bottom - box.top < length)) return;
  ctx.save();
  ctx.translate((box.left + box.right) / 2, (box.top + box.bottom) / 2);
  if (!across) ctx.rotate(-Math.PI / 2);
  ctx.fillStyle = colors.surface;
  ctx.fillRect(-length / 2, -lines.length * line / 2 - 1, length, lines.length * line + 2);
  ctx.fillStyle = colors.text;
  lines.forEach((text, i) => ctx.fillText(text, 0, (i - (lines.length - 1) / 2) * line));
  ctx.restore();
}
