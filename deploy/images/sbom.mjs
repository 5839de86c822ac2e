// Writes what the images hold of other people's packages: an SBOM (CycloneDX, by npm) and a report of their licences.
//   npm run sbom [-- --output=<folder>]      default: dist/sbom
// It reads package-lock.json alone. Exit status 1: a licence is not on the list below.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Licences that ask for nothing but their text to go along. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
]);

/** Packages that name no licence in the usual way, each with what somebody has read. */
const READ_BY_HAND = {
  '@lhncbc/ucum-lhc':
    'LICENSE.md: may be used and passed on with its notice; the terms of UCUM and LOINC hold for their tables',
  'emitter-component': 'Readme.md: MIT',
  'read-tls-client-hello': 'LICENSE: Apache-2.0',
  fhirpath: 'LICENSE.md: based on BSD, of the U.S. National Library of Medicine',
};

const output = process.argv.find((each) => each.startsWith('--output='))?.slice('--output='.length);
process.exitCode = main(output ?? join(ROOT, 'dist', 'sbom'));

function main(folder) {
  const sbom = cycloneDx();
  const packages = sbom.components
    .map(licenceOf)
    .sort((one, other) => one.name.localeCompare(other.name) || one.version.localeCompare(other.version));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'sbom.cdx.json'), `${JSON.stringify(sbom, null, 2)}\n`);
  writeFileSync(join(folder, 'licences.json'), `${JSON.stringify(packages, null, 2)}\n`);
  writeFileSync(join(folder, 'licences.md'), markdown(packages));

  const refused = packages.filter(({ allowed }) => !allowed);
  for (const { name, version, licence } of refused) {
    console.error(
      `${name} ${version}: ${licence || 'no licence'} is not on the list of deploy/images/sbom.mjs`,
    );
  }
  console.log(`${packages.length} packages, ${refused.length} refused: ${folder}`);
  return refused.length === 0 ? 0 : 1;
}

/**
 * npm's SBOM of the whole lock file, and of that what `npm ci --omit=dev --omit=optional` installs, as the images do. npm's
 * own `--omit` leaves out packages of the images as well: those below one that is a development dependency too.
 */
function cycloneDx() {
  const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'];
  const { status, stdout, stderr } = spawnSync('npm', args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`);
  const sbom = JSON.parse(stdout);
  const installed = installedInImages();
  const components = sbom.components.filter(({ name, group, version }) =>
    installed.delete(`${fullName(name, group)}@${version}`),
  );
  if (installed.size > 0) throw new Error(`npm's SBOM lacks ${[...installed].join(', ')}`);
  const refs = new Set([sbom.metadata.component['bom-ref'], ...components.map((each) => each['bom-ref'])]);
  const dependencies = sbom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }));
  return { ...sbom, components, dependencies };
}

/** name@version of all packages that the lock file marks neither as for development nor as optional. */
function installedInImages() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const entries = Object.entries(packages).filter(
    ([path, { dev, optional, devOptional, link }]) =>
      path.includes('node_modules/') && !dev && !optional && !devOptional && !link,
  );
  return new Set(
    entries.map(([path, { name, version }]) => `${name ?? path.split('node_modules/').at(-1)}@${version}`),
  );
}

function licenceOf({ name, group, version, licenses = [] }) {
  const full = fullName(name, group);
  const expression = licenses
    .map(({ license, expression: text }) => text ?? license?.id ?? license?.name ?? '')
    .join(' AND ');
  const note = READ_BY_HAND[full];
  return {
    name: full,
    version,
    licence: expression,
    note,
    allowed: note !== undefined || isAllowed(expression),
  };
}

/** An SPDX expression without nesting, which no package here has: one of those between OR, and of it all between AND. */
function isAllowed(expression) {
  const alternatives = expression.replace(/[()]/g, '').split(/ OR /i);
  return alternatives.some((each) => each.split(/ AND /i).every((licence) => ALLOWED.has(licence.trim())));
}

function fullName(name, group) {
  return group ? `${group}/${name}` : name;
}

function markdown(packages) {
  const rows = packages.map(
    ({ name, version, licence, note }) =>
      `| ${name} | ${version} | ${licence || 'none named'} | ${note ?? ''} |`,
  );
  return ['| package | version | licence | read by hand |', '| --- | --- | --- | --- |', ...rows, ''].join(
    '\n',
  );
}
