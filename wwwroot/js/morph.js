// Morphs a fetched page into the one on screen: only what differs changes. The rules keep what the user, a script or the browser added since.
import { Idiomorph } from '../lib/idiomorph/dist/idiomorph.esm.js';

// Scripts write into these.
const Ours = '[data-tail] tbody, [data-tail-held], [data-play-clock], [data-play-state], [data-play-rate-text], [data-readout], [data-refresh-state], [data-download-state], [data-cancel], [data-panel-error], [data-progress]';

const Fields = 'input, select, textarea';

/** `form` is the one whose answer `fresh` is; a refresh leaves panels as the user opened and closed them. */
export function morph(target, fresh, { isRefresh = false, form = null, style = 'outerHTML' } = {}) {
  identify(target);
  identify(fresh);
  const typed = new WeakSet();
  Idiomorph.morph(target, style === 'innerHTML' ? fresh.childNodes : fresh, {
    morphStyle: style,
    callbacks: {
      beforeNodeAdded: node => node.nodeName !== 'NOSCRIPT', // With scripts its content is text, without (as parsed) it is elements.
      beforeNodeMorphed(old, next) {
        if (old.nodeType !== Node.ELEMENT_NODE) return true;
        // Most of a large page is as it was, and comparing it is what takes the time. A field can differ in what was typed.
        if (old.isEqualNode(next) && (isRefresh || !old.querySelector(Fields))) return false;
        if (old.matches(Ours) || old.matches('noscript')) return false;
        // Words in the browser's language, or that go on counting.
        if (old.matches('data[value], time[data-relative]') && valueOf(old) === valueOf(next)) return copyAttributes(old, next);
        // A canvas keeps its chart, a part that is fetched separately its content until it is fetched again, a form that was begun its text.
        const isFilled = old.matches('[data-part]') && next.matches('[data-fragment]');
        if (old.matches('[data-canvas], [data-timeline-plot]') || isFilled || (old !== form && isBegun(old))) return copyAttributes(old, next);
        if (isTyped(old) && (old === document.activeElement || defaultOf(old) === defaultOf(next))) typed.add(old);
        return true;
      },
      beforeAttributeUpdated(name, node, change) {
        if (name === 'open') return !node.matches('dialog') && change !== 'remove' && !isRefresh;
        if (name === 'selected') return !typed.has(node.closest('select'));
        return !['value', 'checked'].includes(name) || !typed.has(node);
      },
    },
  });
}

const valueOf = element => element.getAttribute('value') ?? element.getAttribute('datetime');

function copyAttributes(old, next) {
  for (const { name, value } of next.attributes) old.setAttribute(name, value);
  return false;
}

// Without an id a row takes over the content of its neighbour, and with it the selection and the focus. White space between rows would be taken for
// the same thing as the next white space, and the row before it taken out meanwhile.
function identify(root) {
  for (const list of root.querySelectorAll('main, tbody, ul, ol, .glyphs'))
    for (const node of [...list.childNodes]) if (node.nodeType === Node.TEXT_NODE && !node.data.trim()) node.remove();
  const counts = new Map();
  const taken = new Set([...root.querySelectorAll('[id]')].map(element => element.id)); // By an earlier call too: elements may have come since.
  const name = (element, key) => {
    if (element.hasAttribute('id')) return;
    let count = counts.get(key) ?? 0;
    while (taken.has(`${key}-${count}`)) count++;
    counts.set(key, count + 1);
    element.setAttribute('id', `${key}-${count}`);
  };
  for (const field of root.querySelectorAll('form :is(input:not([type=hidden]), select, textarea)[name]'))
    name(field, ['field', keyOf(field.form), field.name, ['checkbox', 'radio'].includes(field.type) ? field.value : ''].join('-'));
  for (const link of root.querySelectorAll('a[data-key], a[rel]')) name(link, `link-${link.dataset.key ?? link.rel}`);
  for (const place of root.querySelectorAll('[data-canvas], [data-part]')) name(place, `part-${place.dataset.canvas ?? place.dataset.part}`);
  // The search for a match among siblings without ids goes to their end: a thousand of them take a quarter of a second.
  for (const shape of root.querySelectorAll('.glyphs > svg')) name(shape, 'glyph');
  for (const line of root.querySelectorAll('[data-line]')) name(line, `line-${line.dataset.line}`);
  for (const row of root.querySelectorAll('main :is(tbody tr, li)')) {
    const path = row.querySelector('a[href^="/"]')?.getAttribute('href').split(/[?#]/)[0];
    const key = path && path !== location.pathname ? path : row.querySelector('time')?.dateTime;
    if (key) name(row, ['row', row.closest('[aria-labelledby]')?.getAttribute('aria-labelledby'), key].join('-'));
  }
}

function keyOf(form) {
  const handler = new URL(form.getAttribute('action') ?? '', location.href).searchParams.get('handler');
  return [form.getAttribute('id'), form.className, handler, form.querySelector('input[type=hidden][name=id]')?.value].join();
}

// A form that changes something, and in which somebody has typed or is told of a fault.
function isBegun(form) {
  if (!form.matches('form[method=post]')) return false;
  return [...form.elements].some(isTyped) || form.contains(document.activeElement) || form.querySelector('.error') !== null;
}

function isTyped(field) {
  if (field.matches('select')) return field.selectedOptions[0]?.value !== defaultOf(field);
  if (field.matches('[type=checkbox], [type=radio]')) return field.checked !== field.defaultChecked;
  return field.matches('input:not([type=hidden]), textarea') && field.value !== field.defaultValue;
}

function defaultOf(field) {
  if (field.matches('select')) return ([...field.options].find(option => option.defaultSelected) ?? field.options[0])?.value;
  return field.matches('[type=checkbox], [type=radio]') ? field.defaultChecked : field.defaultValue;
}
