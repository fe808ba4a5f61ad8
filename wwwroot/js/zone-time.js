// Times in any IANA time zone, by Intl: Date only knows the zone of the browser.

const formats = new Map();

function format(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat('en-GB', { timeZone: zone, hourCycle: 'h23', ...options }));
  return formats.get(key);
}

const part = (parts, type) => parts.find(p => p.type === type)?.value ?? '';

/** 2026-05-01T08:00:00+02:00 */
export function iso(ms, zone) {
  const parts = format(zone, {
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'longOffset',
  }).formatToParts(ms);
  const [y, mo, d, h, mi, s] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map(type => part(parts, type));
  return `${y}-${mo}-${d}T${h}:${mi}:${s}${part(parts, 'timeZoneName').replace('GMT', '') || '+00:00'}`;
}

/** Milliseconds that the time zone is ahead of UTC. */
export function offset(ms, zone) {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(iso(ms, zone));
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** 08:00 */
export const clock = (ms, zone) => format(zone, { hour: '2-digit', minute: '2-digit' }).format(ms);

/** 08:00:00 */
export const clockSeconds = (ms, zone) => format(zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms);

/** 1 May */
export const day = (ms, zone) => format(zone, { day: 'numeric', month: 'short' }).format(ms);

/** "08:00–09:30", with days when they differ. */
export function span(from, to, zone) {
  const sameDay = day(from, zone) === day(to, zone);
  return sameDay ? `${clock(from, zone)}–${clock(to, zone)}` : `${day(from, zone)} ${clock(from, zone)} – ${day(to, zone)} ${clock(to, zone)}`;
}
