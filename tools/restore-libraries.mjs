// Copies the files that libman.json lists from node_modules into wwwroot/lib.
// LibMan itself would fetch them from a CDN; npm has checked these against package-lock.json.
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const target = join(root, 'wwwroot', 'lib');
const { libraries } = JSON.parse(await readFile(join(root, 'libman.json'), 'utf8'));

await rm(target, { recursive: true, force: true });
for (const { library, destination, files } of libraries) {
  const [, name, version] = /^(.+)@([^@]+)$/.exec(library);
  const source = join(root, 'node_modules', name);
  const installed = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')).version;
  if (installed !== version) fail(`libman.json wants ${library}, package.json brings ${installed}; give both the same version.`);
  const folder = resolve(root, destination);
  if (!folder.startsWith(target + sep)) fail(`libman.json puts ${library} into ${destination}, which is not below wwwroot/lib.`);
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(join(source, file), join(folder, file));
  }
}

function fail(reason) {
  console.error(`restore-libraries: error : ${reason}`);
  process.exit(1);
}
