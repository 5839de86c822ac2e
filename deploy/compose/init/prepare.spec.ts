import { X509Certificate, createPrivateKey } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { threeOrganisations } from '../../check/compose/three-organisations';
import { createAuthority, issueCertificate } from './authority';
import { DataFolder } from './data-folder';
import { type Deed, prepare } from './prepare';
import { readSettings, type Settings } from './settings';

const DAY_MS = 24 * 3_600_000;
const now = new Date('2026-03-01T12:00:00Z');

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'bridge-init-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Choice {
  readonly settings?: Settings;
  readonly renew?: boolean;
  readonly rewrite?: boolean;
  readonly days?: number;
}

function run({
  settings = threeOrganisations,
  renew = false,
  rewrite = false,
  days = 0,
}: Choice = {}): Promise<Deed[]> {
  return prepare(new DataFolder(root), readSettings(settings).federation, {
    renewCertificates: renew,
    rewriteConfiguration: rewrite,
    now: new Date(now.getTime() + days * DAY_MS),
  });
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const allFiles = (): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
const snapshot = (): Record<string, string> =>
  Object.fromEntries(allFiles().map((path) => [path, `${statSync(join(root, path)).mtimeMs} ${read(path)}`]));
const outcomeOf = (deeds: readonly Deed[], path: string) => deeds.find((deed) => deed.path === path)?.outcome;

describe('init', () => {
  it('makes everything at the first run', async () => {
    const deeds = await run();
    expect(new Set(deeds.map(({ outcome }) => outcome))).toEqual(new Set(['made']));
    for (const organisation of ['apotheek', 'huisarts', 'vvt']) {
      expect(allFiles()).toContain(`${organisation}/secrets/as_token`);
      expect(allFiles()).toContain(`${organisation}/synapse/homeserver.yaml`);
      expect(statSync(join(root, organisation, 'state/synapse-db')).mode & 0o777).toBe(0o700);
    }
  });

  it('changes nothing at the second', async () => {
    await run();
    const before = snapshot();
    const deeds = await run();
    expect(new Set(deeds.map(({ outcome }) => outcome))).toEqual(new Set(['kept']));
    expect(snapshot()).toEqual(before);
  });

  it('adds an organisation without touching those that are there', async () => {
    await run({ settings: { VVT_SERVER_NAME: 'vvt', VVT_SUBNET: '172.30.3.0/24' } });
    const before = snapshot();
    await run();
    const after = snapshot();
    expect(Object.fromEntries(Object.keys(before).map((path) => [path, after[path]]))).toEqual(before);
    expect(after).toHaveProperty(['huisarts/secrets/as_token']);
  });

  it('makes again what was lost of an organisation, from the secrets that are left', async () => {
    await run();
    const token = read('vvt/secrets/as_token');
    rmSync(join(root, 'vvt/registrations/fhir-matrix-bridge.yaml'));
    const deeds = await run();
    expect(deeds.filter(({ outcome }) => outcome !== 'kept')).toEqual([
      { path: 'vvt/registrations/fhir-matrix-bridge.yaml', outcome: 'made' },
    ]);
    expect(read('vvt/registrations/fhir-matrix-bridge.yaml')).toContain(token);
  });

  it('lets nobody but the owner read secrets, nor enter their folders', async () => {
    await run();
    const modeOf = (path: string): number => statSync(join(root, path)).mode & 0o777;
    const secretFolders = /(^|\/)(secrets|registrations|authority)(\/|$)/;
    const secret = allFiles().filter((path) => secretFolders.test(path));
    expect(secret.length).toBeGreaterThan(60);
    for (const path of secret) expect({ path, mode: modeOf(path) }).toEqual({ path, mode: 0o400 });
    for (const path of [
      'vvt/secrets',
      'vvt/registrations',
      'authority',
      'shared/secrets',
      'vvt/state/nats',
    ]) {
      expect({ path, mode: modeOf(path) }).toEqual({ path, mode: 0o700 });
    }
    expect(modeOf('vvt/synapse/homeserver.yaml')).toBe(0o444);
    expect(modeOf('trust/ca.crt')).toBe(0o444);
  });

  it('closes a secret that others could read', async () => {
    await run();
    chmodSync(join(root, 'vvt/secrets/as_token'), 0o644);
    expect(outcomeOf(await run(), 'vvt/secrets/as_token')).toBe('closed');
    expect(statSync(join(root, 'vvt/secrets/as_token')).mode & 0o777).toBe(0o400);
  });

  it('leaves no draft', async () => {
    await run();
    expect(allFiles().filter((path) => path.endsWith('.draft'))).toEqual([]);
  });
});

describe('configuration that the settings have outgrown', () => {
  const grown = { ...threeOrganisations, PEERS: 'ggz.example' };

  it('stays as it is, and is told', async () => {
    await run();
    const before = read('vvt/synapse/homeserver.yaml');
    const deeds = await run({ settings: grown });
    expect(outcomeOf(deeds, 'vvt/synapse/homeserver.yaml')).toBe('differs');
    expect(read('vvt/synapse/homeserver.yaml')).toBe(before);
  });

  it('is written anew when that is asked for, beside the former', async () => {
    await run();
    const before = read('vvt/synapse/homeserver.yaml');
    const secrets = allFiles().filter((path) => path.startsWith('vvt/secrets/'));
    const kept = secrets.map(read);
    const deeds = await run({ settings: grown, rewrite: true });
    expect(outcomeOf(deeds, 'vvt/synapse/homeserver.yaml')).toBe('rewritten');
    expect(read('vvt/synapse/homeserver.yaml')).toContain('ggz.example');
    expect(read('vvt/synapse/homeserver.yaml.before')).toBe(before);
    expect(secrets.map(read)).toEqual(kept);
  });

  it('trusts an authority that was put into the folder', async () => {
    await run();
    writeFileSync(join(root, 'trust/ggz.pem'), (await createAuthority(now)).certificatePem);
    await run({ rewrite: true });
    expect(read('vvt/synapse/homeserver.yaml')).toContain('/trust/ggz.pem');
  });
});

describe('certificates', () => {
  const leaf = (): X509Certificate => new X509Certificate(read('vvt/secrets/tls.crt'));

  it('are of the authority, for the server name, with their keys', async () => {
    await run();
    expect(leaf().verify(new X509Certificate(read('trust/ca.crt')).publicKey)).toBe(true);
    expect(leaf().subjectAltName).toBe('DNS:vvt');
    expect(leaf().checkPrivateKey(createPrivateKey(read('vvt/secrets/tls.key')))).toBe(true);
  });

  it('are renewed when fewer than 30 days are left, by the same authority', async () => {
    await run();
    const [authority, former] = [read('trust/ca.crt'), read('vvt/secrets/tls.crt')];
    expect(outcomeOf(await run({ days: 59 }), 'vvt/secrets/tls.crt')).toBe('kept');
    expect(outcomeOf(await run({ days: 61 }), 'vvt/secrets/tls.crt')).toBe('renewed');
    expect(read('trust/ca.crt')).toBe(authority);
    expect(read('vvt/secrets/tls.crt')).not.toBe(former);
    expect(leaf().checkPrivateKey(createPrivateKey(read('vvt/secrets/tls.key')))).toBe(true);
    expect(Date.parse(leaf().validTo)).toBeGreaterThan(now.getTime() + 150 * DAY_MS);
  });

  it('are renewed at once when that is asked for', async () => {
    await run();
    expect(outcomeOf(await run({ renew: true }), 'vvt/secrets/tls.crt')).toBe('renewed');
  });

  it('of another authority are left to whoever put them there', async () => {
    await run();
    const theirs = await issueCertificate(await createAuthority(now), 'vvt', now);
    rmSync(join(root, 'vvt/secrets/tls.crt'));
    writeFileSync(join(root, 'vvt/secrets/tls.crt'), theirs.certificatePem);
    expect(outcomeOf(await run({ days: 80, renew: true }), 'vvt/secrets/tls.crt')).toBe(
      'of another authority',
    );
    expect(read('vvt/secrets/tls.crt')).toBe(theirs.certificatePem);
  });

  it('need the key of the authority only when one is due', async () => {
    await run();
    rmSync(join(root, 'authority/ca.key'));
    expect(outcomeOf(await run({ days: 59 }), 'vvt/secrets/tls.crt')).toBe('kept');
    await expect(run({ days: 61 })).rejects.toThrow('bring it back');
    expect(read('trust/ca.crt')).toContain('BEGIN CERTIFICATE');
    expect(allFiles()).not.toContain('authority/ca.key');
  });

  it('are of no second authority, where the certificate of the first was lost', async () => {
    await run();
    rmSync(join(root, 'trust/ca.crt'));
    await expect(run()).rejects.toThrow('trust/ca.crt is missing');
  });
});
