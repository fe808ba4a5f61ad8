// Numbers in the browser's language. A formatter takes a hundred times as long to make as to use.

const formats = new Map();

/** With `decimals` digits after the point; without, up to three. */
export function number(value, decimals) {
  if (!formats.has(decimals)) formats.set(decimals, new Intl.NumberFormat(undefined, decimals === undefined ? {} : { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
  return formats.get(decimals).format(value);
}
