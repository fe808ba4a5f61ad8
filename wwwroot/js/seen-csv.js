// The points of the chart as CSV, with times in the page's time zone.
import { save } from './save.js';
import { pointsOf, toFahrenheit } from './series.js';
import { iso } from './zone-time.js';

export function saveSeen(series, { address, unit, tz }) {
  const convert = unit === 'f' ? toFahrenheit : value => value;
  const [temperature, humidity] = [pointsOf(series, 'temperature', convert), pointsOf(series, 'humidity', value => value)];
  const degrees = unit === 'f' ? 'fahrenheit' : 'celsius';
  const lines = [['time', 'reading_count', ...['min', 'avg', 'max'].map(n => `temperature_${n}_${degrees}`), ...['min', 'avg', 'max'].map(n => `humidity_${n}_percent`)]];
  temperature.forEach((t, i) => {
    const h = humidity[i];
    if (t.count) lines.push([iso(t.x, tz), t.count, ...[t.min, t.y, t.max, h.min, h.y, h.max].map(v => v === null ? '' : v.toFixed(2))]);
  });
  save([lines.map(cells => `${cells.join(',')}\n`).join('')], `sensordash_node-${address}_seen_${series.from}_${series.to}.csv`, 'text/csv');
}
