import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../local/src/project-root';
import { program } from './compose-model';

const ROOT = projectRoot();

interface LockedPackage {
  readonly name?: string;
  readonly version: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly link?: boolean;
}

interface Sbom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly components: readonly {
    readonly name: string;
    readonly group?: string;
    readonly version: string;
    readonly purl: string;
    readonly hashes?: readonly { readonly alg: string }[];
  }[];
}

interface Licence {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly note?: string;
  readonly allowed: boolean;
}

/** name@version of what `npm ci --omit=dev --omit=optional` installs: what the images have. */
function installedInImages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  const wanted = Object.entries(packages).flatMap(([path, each]) => {
    const [, folder] = /.*node_modules\/(.+)$/.exec(path) ?? [];
    const isLeftOut = each.dev || each.optional || each.devOptional || each.link;
    return folder && !isLeftOut ? [`${each.name ?? folder}@${each.version}`] : [];
  });
  return [...new Set(wanted)].sort();
}

/** What CycloneDX's own schemas say of a file, unknown fields refused. */
function faultOf(file: string): string {
  const script = join(__dirname, 'validate-sbom.py');
  const { status, stderr } = spawnSync(program('PYTHON_OF_CHECKS', 'python'), [script, file], {
    encoding: 'utf8',
  });
  return status === 0 ? '' : stderr || `status ${status}`;
}

let folder: string;
let run: { status: number | null; stderr: string };
const read = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sbom-'));
  const words = ['run', '--silent', 'sbom', '--', `--output=${folder}`];
  run = spawnSync('npm', words, { cwd: ROOT, encoding: 'utf8' });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the licences of what the images hold of others', () => {
  it('are those that somebody has allowed', () => {
    expect({ status: run.status, complaints: run.stderr.replace(/^npm warn .*\n/gm, '') }).toEqual({
      status: 0,
      complaints: '',
    });
    const refused = read<Licence[]>('licences.json').filter(({ allowed }) => !allowed);
    expect(refused).toEqual([]);
  });

  it('are told of each package, as a table too', () => {
    const packages = read<Licence[]>('licences.json');
    expect(packages.map(({ name, version }) => `${name}@${version}`).sort()).toEqual(installedInImages());
    const lines = readFileSync(join(folder, 'licences.md'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(packages.length + 2);
    for (const { licence, note } of packages) expect(licence || note).toBeTruthy();
  });
});

describe('the SBOM', () => {
  it('is what CycloneDX says one is', () => {
    expect(read<Sbom>('sbom.cdx.json')).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' });
    expect(faultOf(join(folder, 'sbom.cdx.json'))).toBe('');
  });

  it('would be refused with a field that CycloneDX does not know, or without one that it asks for', () => {
    const sbom = read<Sbom>('sbom.cdx.json');
    const [first, ...others] = sbom.components;
    const broken: Record<string, object> = {
      'unknown.json': { ...sbom, components: [{ ...first, licence: 'MIT' }, ...others] },
      'nameless.json': { ...sbom, components: [{ ...first, name: undefined }, ...others] },
    };
    for (const [name, content] of Object.entries(broken)) {
      writeFileSync(join(folder, name), JSON.stringify(content));
      expect(faultOf(join(folder, name))).toMatch(/licence|name/);
    }
  });

  it('has all packages that the images install, in their versions, and no other', () => {
    const { components } = read<Sbom>('sbom.cdx.json');
    const found = components.map(({ group, name, version }) => {
      return `${group ? `${group}/` : ''}${name}@${version}`;
    });
    expect([...new Set(found)].sort()).toEqual(installedInImages());
    expect(found.length).toBeGreaterThan(100);
    expect(found.join(' ')).not.toMatch(/(^| )(prisma|typescript|jest)@/);
  });

  it('says of each where it comes from, and what its archive has to be', () => {
    for (const { purl, hashes = [] } of read<Sbom>('sbom.cdx.json').components) {
      expect(purl).toMatch(/^pkg:npm\/[^@\s]+@[^@\s]+$/);
      expect({ purl, algorithms: hashes.map(({ alg }) => alg) }).toEqual({
        purl,
        algorithms: expect.arrayContaining(['SHA-512']) as string[],
      });
    }
  });
});
