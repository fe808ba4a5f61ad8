// Charts by touch: two fingers zoom around themselves, one moves the range sideways; the browser scrolls the page when it moves up or down.
import { MinSeconds, plotOf, zoomTo } from './chart-moves.js';
import { now } from './clock.js';

const Charts = '[data-plot]:not([data-fixed=true]), [data-canvas]';
const MinDrag = 12; // Pixels; less is a tap.
const MinSpread = 24; // Pixels between two fingers, so that the range does not grow without end.

const fingers = new Map(); // By pointer: where it began and where it is.
let own = null; // The chart under the fingers: its plot in pixels and its range in seconds.

export function startTouch() {
  document.addEventListener('pointerdown', event => {
    const chart = event.pointerType === 'touch' && event.target.closest?.(Charts);
    if (!chart || (own && own.chart !== chart) || fingers.size === 2) return;
    if (!own) own = { chart, ...plotOf(chart) };
    // The second finger begins where the first one has come to.
    for (const finger of fingers.values()) finger.start = finger.at;
    own = { ...own, ...rangeNow() };
    fingers.set(event.pointerId, { start: event.clientX, at: event.clientX });
  });
  document.addEventListener('pointermove', event => {
    const finger = fingers.get(event.pointerId);
    if (!finger) return;
    finger.at = event.clientX;
    preview();
  });
  document.addEventListener('pointerup', event => {
    if (!fingers.has(event.pointerId)) return;
    const { from, to } = rangeNow();
    const isMoved = Math.abs(from - own.first.from) + Math.abs(to - own.first.to) > 0 && hasMoved();
    const { chart, first } = own;
    fingers.clear(); // The other finger ends the gesture as well.
    own = null;
    if (!isMoved) return void reset(chart);
    zoomTo(first, from * 1000, to * 1000).finally(() => reset(chart));
  });
  // The browser has begun to scroll.
  document.addEventListener('pointercancel', () => {
    if (own) reset(own.chart);
    fingers.clear();
    own = null;
  });
}

// The range in which each finger still points to the time it was put on.
function rangeNow() {
  const { left, width, from, to } = own;
  const scale = (to - from) / width;
  const [a, b] = [...fingers.values()].sort((x, y) => x.start - y.start);
  if (!a || (!b && Math.abs(a.at - a.start) < MinDrag)) return { from, to };
  if (!b) return clipped(from - (a.at - a.start) * scale, to - (a.at - a.start) * scale);
  const [startSpread, spread] = [Math.max(MinSpread, b.start - a.start), Math.max(MinSpread, b.at - a.at)];
  const changed = Math.max(scale * startSpread / spread, MinSeconds / width);
  const middle = from + ((a.start + b.start) / 2 - left) * scale;
  const start = middle - ((a.at + b.at) / 2 - left) * changed;
  return clipped(start, start + width * changed);
}

// There is nothing to see after now, unless the range went there before.
function clipped(from, to) {
  const beyond = Math.max(0, to - Math.max(own.first.to, now() / 1000));
  return { from: from - beyond, to: to - beyond };
}

const hasMoved = () => fingers.size > 1 || [...fingers.values()].some(({ start, at }) => Math.abs(at - start) >= MinDrag) || own.from !== own.first.from;

function preview() {
  if (!hasMoved()) return;
  const { chart, left, width, first } = own;
  const { from, to } = rangeNow();
  const drawing = chart.querySelector('canvas, svg.area');
  const scale = (first.to - first.from) / (to - from);
  const offset = left - drawing.getBoundingClientRect().left;
  drawing.style.transformOrigin = chart.matches('[data-canvas]') ? `${own.origin ??= offset}px 0` : '0 0';
  drawing.style.transform = `translateX(${(first.from - from) / (to - from) * width}px) scaleX(${scale})`;
}

function reset(chart) {
  const drawing = chart.querySelector('canvas, svg.area');
  if (drawing) drawing.style.transform = '';
}
