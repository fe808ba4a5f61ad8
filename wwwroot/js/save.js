// Saves bytes of the page as a file.

export function save(parts, name, type) {
  const address = URL.createObjectURL(new Blob(parts, { type }));
  const link = Object.assign(document.createElement('a'), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // Some browsers read it after the click returns.
}
