// Keeps relative times up to date, and formats numbers for the browser's language.

const Step = 10_000; // ms; relative times below two minutes count seconds.

export function startClock() {
  update();
  setInterval(() => { if (!document.hidden) updateTimes(); }, Step);
  document.addEventListener('visibilitychange', updateTimes);
  document.addEventListener('page:swapped', update);
  document.addEventListener('part:filled', update);
}

function update() {
  for (const data of document.querySelectorAll('data[value]')) {
    const decimals = data.value.includes('.') ? data.value.split('.')[1].length : 0;
    const text = Number(data.value).toLocaleString(undefined, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    if (data.textContent !== text) data.textContent = text;
  }
  updateTimes();
}

function updateTimes() {
  for (const time of document.querySelectorAll('time[data-relative]')) {
    const seconds = Math.round((Date.now() - Date.parse(time.dateTime)) / 1000);
    const text = seconds >= 0 ? `${durationText(seconds)} ago` : `in ${durationText(-seconds)}`;
    if (time.textContent !== text) time.textContent = text;
  }
}

// The same steps as on the server.
function durationText(seconds) {
  const [minutes, hours, days] = [60, 3600, 86_400].map(unit => Math.floor(seconds / unit));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${minutes} min`;
  if (seconds < 172_800) return seconds % 3600 < 60 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return seconds % 86_400 < 3600 ? `${days} d` : `${days} d ${hours % 24} h`;
}
