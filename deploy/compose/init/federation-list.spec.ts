import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSignedList } from '../../../apps/messenger-proxy/src/federation-list/signed-list';
import { makeListKey } from '../../../apps/messenger-proxy/src/federation-list/sign-list';
import { DataFolder } from './data-folder';
import { type Deed, prepare } from './prepare';
import { readSettings, type Settings } from './settings';

const DAY_MS = 24 * 3_600_000;
const now = new Date('2026-03-01T12:00:00Z');
const after = (days: number): Date => new Date(now.getTime() + days * DAY_MS);
const one: Settings = {
  VVT_SERVER_NAME: 'vvt.example',
  VVT_SUBNET: '172.30.3.0/24',
  VVT_MESSENGER_PROXY: 'true',
  PEERS: 'huisarts.example',
};
const LIST = 'federation-list/list.jws';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'bridge-list-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Choice {
  readonly settings?: Settings;
  readonly rewrite?: boolean;
  readonly days?: number;
}

/** @returns what became of the list */
async function run({ settings = one, rewrite = false, days = 0 }: Choice = {}): Promise<Deed['outcome']> {
  const deeds = await prepare(new DataFolder(root), readSettings(settings).federation, {
    renewCertificates: false,
    rewriteConfiguration: rewrite,
    now: after(days),
  });
  return deeds.find(({ path }) => path === LIST)!.outcome;
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
/** As a messenger proxy reads it. */
const listOn = (days: number) => {
  const publicKey = createPublicKey(read('federation-list/list.pub'));
  return readSignedList(read(LIST).trim(), { kind: 'key', algorithm: 'ES256', publicKey }, after(days));
};

describe('the federation list', () => {
  it('is signed by a key of its own, and has the organisations here and their peers', async () => {
    expect(await run()).toBe('made');
    expect((await listOn(0)).domains()).toEqual(['huisarts.example', 'vvt.example']);
    expect(read('vvt/secrets/messenger-proxy.yaml')).toContain('BEGIN PUBLIC KEY');
    expect(read('vvt/secrets/messenger-proxy.yaml')).not.toContain(read('authority/list.key').trim());
  });

  it('is signed anew, and is newer, when fewer than 20 of its 30 days are left', async () => {
    await run();
    const former = await listOn(0);
    expect(await run({ days: 9 })).toBe('kept');
    expect(await run({ days: 11 })).toBe('renewed');
    const list = await listOn(40);
    expect(list.version).toBeGreaterThan(former.version);
    expect(list.domains()).toEqual(former.domains());
  });

  it('changes when that is asked for, and not because the settings did or time is over', async () => {
    await run();
    const settings = { ...one, PEERS: 'huisarts.example,ggz.example' };
    expect(await run({ settings })).toBe('differs');
    await run({ settings, days: 11 });
    expect((await listOn(11)).domains()).not.toContain('ggz.example');
    expect(await run({ settings, rewrite: true, days: 11 })).toBe('renewed');
    expect((await listOn(11)).domains()).toContain('ggz.example');
  });

  it('is newer than all before it, also where the former one was lost', async () => {
    await run();
    const { version } = await listOn(0);
    rmSync(join(root, LIST));
    expect(await run({ days: 1 })).toBe('made');
    expect((await listOn(1)).version).toBeGreaterThan(version);
  });
});

describe('a federation list that somebody else signs', () => {
  it('is left to them, once their public key is in the place of ours', async () => {
    await run();
    const ours = read(LIST);
    writeReadOnly('federation-list/list.pub', makeListKey().publicKey);
    expect(await run({ days: 300 })).toBe('of another authority');
    expect(read(LIST)).toBe(ours);
  });

  it('has to be there, or its URL has to be known, where a proxy goes by it', async () => {
    await run();
    writeReadOnly('federation-list/list.pub', makeListKey().publicKey);
    rmSync(join(root, LIST));
    await expect(run()).rejects.toThrow('list.jws is missing');
    expect(await run({ settings: { ...one, VVT_MESSENGER_PROXY: '' } })).toBe('of another authority');
    const settings = { ...one, PROXY_LIST: 'https://lists.example/federation.jws' };
    expect(await run({ settings })).toBe('of another authority');
    await run({ settings, rewrite: true });
    expect(read('vvt/secrets/messenger-proxy.yaml')).toContain('list: https://lists.example/federation.jws');
  });
});

function writeReadOnly(path: string, content: string): void {
  rmSync(join(root, path));
  writeFileSync(join(root, path), content);
}
