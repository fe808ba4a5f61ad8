// The points of a chart, from a series in the format of GET /api/nodes/{address}/series.
import { now } from './clock.js';

/** Points of one quantity, oldest first, with a null point in each gap so that no line crosses it. Both quantities have the same indexes. */
export function pointsOf(series, quantity, convert) {
  const points = [];
  for (const run of series.runs) {
    if (points.length > 0) points.push({ x: (points.at(-1).x + run.time[0] * 1000) / 2, y: null });
    const band = run[quantity];
    run.time.forEach((time, i) => points.push({
      x: time * 1000, y: convert(band.avg[i]), min: convert(band.min[i]), max: convert(band.max[i]), count: run.count[i], expected: expectedIn(series, time, run.count[i]),
    }));
  }
  return points;
}

// The readings that a bucket should have, if it lacks some or is not over. The rules of PlotPoint.ExpectedIn.
function expectedIn({ bucket_seconds: seconds, expected_interval_s: interval, from, to }, time, count) {
  if (!seconds || !interval) return null;
  const [start, expected] = [Math.floor(time / seconds) * seconds, Math.floor(seconds / interval)];
  const isPart = start < from || start + seconds > Math.min(to, now() / 1000);
  return (isPart ? count < expected : (count + 1) * 10 < expected * 9) ? expected : null;
}

/** Runs of points with a value. */
export function runsOf(points) {
  const runs = [];
  let run = [];
  for (const point of points) {
    if (point.y !== null) run.push(point);
    else if (run.length > 0) { runs.push(run); run = []; }
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

export const toFahrenheit = celsius => celsius === null ? null : celsius * 9 / 5 + 32;
