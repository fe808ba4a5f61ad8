// Download with progress, cancel and verification. Browsers hide HTTP trailers, so the hash of the bytes is compared with the manifest.
import { number } from './numbers.js';
import { save } from './save.js';

// Larger files are downloaded by the browser, because hashing needs the bytes in memory.
const MaxBytes = 256 * 1024 * 1024;

export function startExport() {
  const form = document.querySelector('[data-export]');
  form?.addEventListener('submit', event => {
    if (!event.submitter?.matches('[data-download]')) return;
    event.preventDefault();
    download(form);
  });
}

async function download(form) {
  const [button, cancel] = [form.querySelector('[data-download]'), form.querySelector('[data-cancel]')];
  const own = new AbortController();
  const stop = () => own.abort();
  cancel.addEventListener('click', stop);
  [button.disabled, cancel.hidden] = [true, false];
  try {
    const file = form.querySelector('[data-file]').getAttribute('href');
    say(form, 'Counting rows …', null);
    const manifest = await getJson(form.querySelector('[data-manifest]').getAttribute('href'), own.signal);
    // Browsers have no hash function on plain-http pages of other machines.
    if (manifest.bytes > MaxBytes || !crypto.subtle) {
      say(form, `${rows(manifest)}, ${size(manifest.bytes)}: the browser downloads it. Verify SHA-256 ${manifest.sha256}`, 1);
      return location.assign(file);
    }
    await receive(form, file, manifest, own.signal);
  } catch (failure) {
    say(form, own.signal.aborted ? 'Cancelled; nothing was saved.' : `${failure.message}. Nothing was saved.${failure.traceId ? ` Trace ID ${failure.traceId}.` : ''}`, null, !own.signal.aborted);
  } finally {
    cancel.removeEventListener('click', stop);
    [button.disabled, cancel.hidden] = [false, true];
  }
}

async function receive(form, file, manifest, signal) {
  const response = await fetch(file, { signal });
  if (!response.ok) throw await failureOf(response);
  const [parts, isText] = [[], !manifest.file_name.endsWith('.gz')];
  let [bytes, lines] = [0, 0];
  for await (const part of chunks(response.body)) {
    parts.push(part);
    bytes += part.length;
    if (isText) for (let i = part.indexOf(10); i >= 0; i = part.indexOf(10, i + 1)) lines++;
    say(form, `${isText ? `${number(Math.max(0, lines - 1))} of ${rows(manifest)}, ` : ''}${size(bytes)} of ${size(manifest.bytes)}`, manifest.bytes ? bytes / manifest.bytes : 1);
  }
  const blob = new Blob(parts);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  const sha256 = [...hash].map(b => b.toString(16).padStart(2, '0')).join('');
  // Readings that arrive during the download change the file: compare with the current manifest.
  const checksum = sha256 === manifest.sha256 ? manifest : await getJson(form.querySelector('[data-manifest]').getAttribute('href'), signal);
  if (sha256 !== checksum.sha256) throw new Error('Checksum mismatch: data changed during download. Try again, or end the range in the past');
  save([blob], checksum.file_name, 'text/csv');
  say(form, `Saved ${rows(checksum)}, ${size(bytes)}. Verified: SHA-256 ${sha256}`, 1);
}

async function* chunks(stream) {
  const reader = stream.getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) yield value;
}

async function getJson(address, signal) {
  const response = await fetch(address, { signal });
  if (!response.ok) throw await failureOf(response);
  return response.json();
}

async function failureOf(response) {
  const problem = await response.json().catch(() => ({}));
  return Object.assign(new Error(problem.detail ?? `The server responded with status ${response.status}`), { traceId: problem.traceId });
}

function say(form, text, part, isError = false) {
  const state = form.querySelector('[data-download-state]');
  const bar = state.querySelector('progress');
  state.hidden = false;
  state.classList.toggle('error', isError);
  bar.hidden = isError;
  if (part === null) bar.removeAttribute('value');
  else bar.value = part;
  if (part === null && text.startsWith('Cancelled')) bar.hidden = true;
  state.querySelector('[role=status]').textContent = text;
}

const rows = manifest => `${number(manifest.rows)} row${manifest.rows === 1 ? '' : 's'}`;

const size = bytes => bytes < 1024 ? `${bytes} B` : bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
