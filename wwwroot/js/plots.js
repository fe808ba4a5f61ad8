// Plots that the server draws as SVG: a crosshair with the values of all lines, by mouse, touch and keyboard. Dragging with the mouse zooms all charts but those of a fixed range.
import { MinSeconds, plotOf, zoomTo } from './chart-moves.js';
import { visit } from './navigation.js';
import { number } from './numbers.js';
import { iso } from './zone-time.js';

const Width = 1000; // Units of the drawing.
const MinDrag = 8; // Pixels; less is a click.

let drag = null;
let crosshair = null; // { plot, part }

export function startPlots() {
  document.addEventListener('pointermove', event => {
    const plot = event.target.closest?.('[data-plot]');
    if (drag) return void markDrag(event);
    if (plot) show(plot, fractionOf(plot, event));
    else if (crosshair) hide();
  });
  document.addEventListener('pointerdown', event => {
    const chart = event.target.closest?.('[data-plot]:not([data-fixed=true]), [data-canvas]');
    if (chart && event.button === 0 && event.pointerType === 'mouse') drag = { chart, from: event.clientX, to: event.clientX, plot: plotOf(chart) };
  });
  document.addEventListener('pointerup', () => {
    const done = drag;
    drag = null;
    if (!done) return;
    done.chart.querySelector('.cross-mark')?.remove();
    if (Math.abs(done.to - done.from) < MinDrag) return;
    const { plot } = done;
    const times = edgesOf(done).map(x => plot.from + (x - plot.left) / plot.width * (plot.to - plot.from));
    zoomTo(plot.first, times[0] * 1000, Math.max(times[1], times[0] + MinSeconds) * 1000);
  });
  document.addEventListener('dblclick', event => {
    const reset = document.querySelector('a[data-key="0"]');
    if (event.target.closest('[data-plot]:not([data-fixed=true])') && reset) visit(reset.href);
  });
  document.addEventListener('keydown', event => {
    const plot = event.target.closest?.('[data-plot]');
    const line = event.target.closest?.('[data-solo]');
    if (line && event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      return void visit(line.dataset.solo);
    }
    const step = { ArrowLeft: -0.01, ArrowRight: 0.01, PageUp: -0.1, PageDown: 0.1 }[event.key];
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') return hide();
    if (step === undefined) return;
    event.preventDefault();
    show(plot, Math.min(1, Math.max(0, Number(plot.dataset.at ?? 1) + step)));
  });
  // A refresh takes the crosshair out and empties its values, and the lines have other ones.
  for (const name of ['page:swapped', 'part:filled']) document.addEventListener(name, showAgain);
  document.addEventListener('focusout', event => { if (event.target.matches?.('[data-plot]')) hide(); });
  document.addEventListener('click', event => {
    const line = event.target.closest('[data-solo]');
    if (!line || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault(); // Ctrl adds to the selection or takes away from it.
    visit(line.dataset.solo);
  }, true);
}

function showAgain() {
  if (crosshair?.plot.isConnected) show(crosshair.plot, crosshair.part);
  else if (crosshair) hide();
}

function show(plot, part) {
  crosshair = { plot, part };
  plot.dataset.at = part;
  const time = timeAt(plot, part);
  const found = valuesAt(plot, part * Width + Number(plot.dataset.shift ?? 0));
  element(plot, 'cross-line').style.left = `${part * 100}%`;
  const table = plot.closest('[data-lines]')?.querySelector('[data-at-time]');
  const title = iso(time * 1000, plot.dataset.tz).replace('T', ' ');
  if (table) {
    table.textContent = title.slice(11, 16);
    table.title = title;
    for (const cell of plot.closest('[data-lines]').querySelectorAll('[data-at-line]')) cell.textContent = text(found.find(f => f.key === cell.dataset.atLine)?.value);
    plot.closest('[data-lines]').querySelector('[data-at-few]').textContent = found.filter(f => f.few).map(f => `${f.name}: ${f.few}`).join(', ');
    return;
  }
  const flag = element(plot, 'cross-flag');
  flag.setAttribute('role', 'status');
  const head = Object.assign(document.createElement('b'), { textContent: title });
  flag.replaceChildren(head, ...found.filter(f => f.value !== null).sort((a, b) => b.value - a.value).map(f => {
    const row = document.createElement('span');
    row.append(f.few ? `${f.name} (${f.few})` : f.name, Object.assign(document.createElement('b'), { textContent: text(f.value) }));
    return row;
  }));
  flag.classList.toggle('left', part > 0.6);
  flag.style.left = `${part * 100}%`;
}

function hide() {
  crosshair = null;
  for (const mark of document.querySelectorAll('.cross-line, .cross-flag')) mark.remove();
  for (const cell of document.querySelectorAll('[data-at-line], [data-at-time], [data-at-few]')) cell.textContent = '';
}

function markDrag(event) {
  drag.to = event.clientX;
  const mark = element(drag.chart, 'cross-mark');
  const [from, to] = edgesOf(drag);
  [mark.style.left, mark.style.width] = [`${from - drag.chart.getBoundingClientRect().left}px`, `${to - from}px`];
}

// The pixels between which the mouse was dragged, within the plot.
function edgesOf({ from, to, plot: { left, width } }) {
  return [from, to].sort((a, b) => a - b).map(x => Math.min(left + width, Math.max(left, x)));
}

function element(plot, name) {
  const known = plot.querySelector(`.${name}`);
  if (known) return known;
  const made = Object.assign(document.createElement('div'), { className: name });
  plot.append(made);
  return made;
}

// The value of each line at a place: of its nearest point, unless the line has a gap there. `few` says what the point lacks: "3 of 5 readings".
function valuesAt(plot, x) {
  const [lowest, highest, height] = [plot.dataset.lowest, plot.dataset.highest, plot.dataset.height].map(Number);
  return [...plot.querySelectorAll('[data-line]:not(.faint)')].map(line => {
    const { line: key, name, few, counted } = line.dataset;
    const run = runsOf(line).filter(points => points[0][0] <= x + 2 && points.at(-1)[0] >= x - 2);
    const point = run.flat().reduce((best, p) => !best || Math.abs(p[0] - x) < Math.abs(best[0] - x) ? p : best, null);
    const lack = point && few.split(' ').find(text => Number(text.split(':')[0]) === point[0])?.split(':')[1];
    return { key, name, value: point ? lowest + (height - point[1]) / height * (highest - lowest) : null, few: lack ? `${lack.replace('/', ' of ')} ${counted}` : '' };
  });
}

// Solid, dashed and single points, parsed once per drawing: a refresh changes the paths of the same element.
function runsOf(line) {
  const path = [...line.children].map(part => part.getAttribute('d')).join('');
  if (line.parsed?.path !== path) line.parsed = { path, runs: path.split('M').slice(1).map(run => run.replace('h0', '').split('L').map(point => point.split(' ').map(Number))) };
  return line.parsed.runs;
}

const fractionOf = (plot, event) => {
  const box = plot.getBoundingClientRect();
  return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
};

const timeAt = (plot, part) => Math.round(Number(plot.dataset.from) + part * (plot.dataset.to - plot.dataset.from));

const text = value => value === null || value === undefined ? '–' : number(value, 2);
