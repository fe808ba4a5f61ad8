// Keeps relative times up to date, and formats numbers for the browser's language.
import { number } from './numbers.js';

const Step = 1_000; // ms; relative times below two minutes count seconds.

let arrived = Date.now();

export function startClock() {
  update();
  setInterval(() => { if (!document.hidden) updateTimes(); }, Step);
  document.addEventListener('visibilitychange', updateTimes);
  document.addEventListener('page:swapped', () => {
    arrived = Date.now();
    update();
  });
  document.addEventListener('part:filled', update);
}

/** The server's time in Unix milliseconds: the browser's clock may be wrong, but not the time since the page arrived. */
export function now() {
  return Number(document.documentElement.dataset.now) * 1000 + Date.now() - arrived;
}

function update() {
  for (const data of document.querySelectorAll('data[value]')) {
    const decimals = data.value.includes('.') ? data.value.split('.')[1].length : 0;
    setText(data, number(data.value, decimals));
  }
  updateTimes();
}

function updateTimes() {
  for (const time of document.querySelectorAll('time[data-relative]')) {
    const seconds = Math.floor((now() - Date.parse(time.dateTime)) / 1000);
    const isLength = time.dataset.relative === 'length';
    setText(time, isLength ? durationText(Math.max(0, seconds)) : seconds >= 0 ? `${durationText(seconds)} ago` : `in ${durationText(-seconds)}`);
  }
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// The same steps as on the server.
function durationText(seconds) {
  const [minutes, hours, days] = [60, 3600, 86_400].map(unit => Math.floor(seconds / unit));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${minutes} min`;
  if (seconds < 172_800) return seconds % 3600 < 60 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return seconds % 86_400 < 3600 ? `${days} d` : `${days} d ${hours % 24} h`;
}
