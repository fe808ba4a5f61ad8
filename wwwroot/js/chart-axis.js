// Ticks of the time axis at round local times of the selected time zone, also across clock changes.
import { clock, clockSeconds, day, offset } from './zone-time.js';

const Second = 1000, Minute = 60 * Second, Hour = 60 * Minute, Day = 24 * Hour;
const Steps = [1, 2, 5, 10, 15, 30].map(n => n * Second).concat(
  [1, 2, 5, 10, 15, 30].map(n => n * Minute), [1, 2, 3, 6, 12].map(n => n * Hour), [1, 2, 4, 7, 14, 28, 91, 182, 364].map(n => n * Day));

// Space for a label such as "20 Nov", in pixels.
const LabelWidth = 76;

const MaxKnown = 16;

const known = new Map(); // The charts of a page ask for the same ticks several times in each layout.

export function timeTicks(scale, zone) {
  const maxTicks = Math.max(2, Math.floor(scale.width / LabelWidth));
  const key = [scale.min, scale.max, maxTicks, zone].join();
  if (!known.has(key)) {
    if (known.size >= MaxKnown) known.clear();
    known.set(key, ticksOf(scale, maxTicks, zone));
  }
  return known.get(key).map(tick => ({ ...tick }));
}

function ticksOf(scale, maxTicks, zone) {
  const step = Steps.find(s => (scale.max - scale.min) / s <= maxTicks) ?? Steps.at(-1);
  const ticks = [];
  let time = align(scale.min, step, zone);
  while (time <= scale.max) {
    if (time >= scale.min && time > (ticks.at(-1)?.value ?? -Infinity)) ticks.push({ value: time, ...label(time, step, zone) });
    const next = align(time + step + (step >= Day ? 2 * Hour : 0), step, zone); // A day may have 25 hours.
    time = next > time ? next : time + step;
  }
  return ticks;
}

// The last multiple of step in local time, at or before a time.
function align(time, step, zone) {
  const local = time + offset(time, zone);
  const aligned = Math.floor(local / step) * step - offset(time, zone);
  return aligned + offset(time, zone) - offset(aligned, zone);
}

function label(time, step, zone) {
  if (step >= Day) return { label: day(time, zone) };
  if (step < Minute) return { label: clockSeconds(time, zone) };
  const text = clock(time, zone);
  return text === '00:00' ? { label: day(time, zone), isDay: true } : { label: text };
}
