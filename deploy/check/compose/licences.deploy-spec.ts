import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..', '..');

interface LockedPackage {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly link?: boolean;
}

describe('what the images hold of others', () => {
  let folder: string;
  let status: number | null;
  let complaints: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sbom-'));
    const script = join(ROOT, 'deploy/images/sbom.mjs');
    const run = spawnSync(process.execPath, [script, `--output=${folder}`], { encoding: 'utf8' });
    ({ status } = run);
    complaints = run.stderr;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is under licences that somebody has allowed', () => {
    expect({ status, complaints }).toEqual({ status: 0, complaints: '' });
    const packages = JSON.parse(readFileSync(join(folder, 'licences.json'), 'utf8')) as {
      allowed: boolean;
    }[];
    expect(packages.every(({ allowed }) => allowed)).toBe(true);
  });

  it('is all in the SBOM, and nothing else is', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, LockedPackage>;
    };
    const names = Object.entries(packages)
      .filter(
        ([path, { dev, optional, devOptional, link }]) => path && !dev && !optional && !devOptional && !link,
      )
      .flatMap(([path]) => /.*node_modules\/(.+)$/.exec(path)?.[1] ?? []);
    const sbom = JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8')) as {
      bomFormat: string;
      components: { name: string }[];
    };
    expect(sbom.bomFormat).toBe('CycloneDX');
    expect([...new Set(sbom.components.map(({ name }) => name))].sort()).toEqual([...new Set(names)].sort());
    expect(names).not.toContain('prisma');
  });
});
