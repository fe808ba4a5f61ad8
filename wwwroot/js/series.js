// The points of a chart, from a series in the format of GET /api/nodes/{address}/series.

/** Points of one quantity, oldest first, with a null point in each gap so that no line crosses it. Both quantities have the same indexes. */
export function pointsOf(series, quantity, convert) {
  const points = [];
  for (const run of series.runs) {
    if (points.length > 0) points.push({ x: (points.at(-1).x + run.time[0] * 1000) / 2, y: null });
    const band = run[quantity];
    run.time.forEach((time, i) => points.push({
      x: time * 1000, y: convert(band.avg[i]), min: convert(band.min[i]), max: convert(band.max[i]), count: run.count[i],
    }));
  }
  return points;
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
