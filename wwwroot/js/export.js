// Download with progress, cancel and proof. Browsers hide HTTP trailers, so the bytes are hashed and held against the manifest.
import { save } from './save.js';

// Above this the browser itself downloads: the bytes must fit into memory to be hashed.
const MostBytes = 256 * 1024 * 1024;

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
    // Over plain http from another machine browsers give no hash function either.
    if (manifest.bytes > MostBytes || !crypto.subtle) {
      say(form, `${rows(manifest)}, ${size(manifest.bytes)}: the browser downloads it by itself. Its SHA-256 must be ${manifest.sha256}`, 1);
      return location.assign(file);
    }
    await receive(form, file, manifest, own.signal);
  } catch (failure) {
    say(form, own.signal.aborted ? 'Cancelled; nothing was saved.' : `${failure.message}. Nothing was saved.${failure.traceId ? ` Trace id ${failure.traceId}.` : ''}`, null, !own.signal.aborted);
  } finally {
    cancel.removeEventListener('click', stop);
    [button.disabled, cancel.hidden] = [false, true];
  }
}

async function receive(form, file, manifest, signal) {
  const answer = await fetch(file, { signal });
  if (!answer.ok) throw await failureOf(answer);
  const [parts, isText] = [[], !manifest.file_name.endsWith('.gz')];
  let [bytes, lines] = [0, 0];
  for await (const part of chunks(answer.body)) {
    parts.push(part);
    bytes += part.length;
    if (isText) for (let i = part.indexOf(10); i >= 0; i = part.indexOf(10, i + 1)) lines++;
    say(form, `${isText ? `${Math.max(0, lines - 1).toLocaleString()} of ${rows(manifest)}, ` : ''}${size(bytes)} of ${size(manifest.bytes)}`, manifest.bytes ? bytes / manifest.bytes : 1);
  }
  const blob = new Blob(parts);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  const sha256 = [...hash].map(b => b.toString(16).padStart(2, '0')).join('');
  // Readings that arrive while it runs make a different file, not a broken one: the manifest of now decides.
  const proof = sha256 === manifest.sha256 ? manifest : await getJson(form.querySelector('[data-manifest]').getAttribute('href'), signal);
  if (sha256 !== proof.sha256) throw new Error('The file is not the one the server describes; readings may be arriving just now. Try again, or end the range in the past');
  save([blob], proof.file_name, 'text/csv');
  say(form, `Saved ${rows(proof)}, ${size(bytes)}. Whole and unchanged: SHA-256 ${sha256}`, 1);
}

async function* chunks(stream) {
  const reader = stream.getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) yield value;
}

async function getJson(address, signal) {
  const answer = await fetch(address, { signal });
  if (!answer.ok) throw await failureOf(answer);
  return answer.json();
}

async function failureOf(answer) {
  const problem = await answer.json().catch(() => ({}));
  return Object.assign(new Error(problem.detail ?? `The server answered ${answer.status}`), { traceId: problem.traceId });
}

function say(form, text, part, isFault = false) {
  const state = form.querySelector('[data-download-state]');
  const bar = state.querySelector('progress');
  state.hidden = false;
  state.classList.toggle('fault', isFault);
  bar.hidden = isFault;
  if (part === null) bar.removeAttribute('value');
  else bar.value = part;
  if (part === null && text.startsWith('Cancelled')) bar.hidden = true;
  state.querySelector('[role=status]').textContent = text;
}

const rows = manifest => `${manifest.rows.toLocaleString()} row${manifest.rows === 1 ? '' : 's'}`;

const size = bytes => bytes < 1024 ? `${bytes} B` : bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
