import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outcome } from '../../../apps/cli/src/federation/finding';
import { HttpsGet } from '../../../apps/cli/src/federation/https-get';
import type { FindSrv } from '../../../apps/cli/src/federation/server-address';
import { checkServer } from '../../../apps/cli/src/federation/server-check';
import { createAuthority, issueCertificate } from '../../compose/init/authority';
import type { KeyedCertificate } from '../../local/src/certificate-authority';
import type { ManagedProcess } from '../../local/src/child-process';
import { freePorts } from '../../local/src/free-port';
import { projectRoot } from '../../local/src/project-root';
import { namedHomeserver } from './named-homeserver';
import { type Reply, startFront } from './tls-front';

/*
 * `bridge federation check`, on a real Synapse behind TLS: right, and each time wrong in one way. The homeserver is
 * care.example; names lead to servers of this machine by what `--connect` says.
 */

// The command is a program of its own, which takes seconds to start beside others.
jest.setTimeout(60_000);

const NAME = 'care.example';
const DAY_MS = 24 * 3_600_000;

let folder: string;
let homeserver: ManagedProcess;
let port: number;
let authority: KeyedCertificate;
const fronts: { readonly close: () => void }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'federation-check-'));
  [port = 0] = await freePorts(1);
  authority = await createAuthority(new Date());
  homeserver = namedHomeserver(NAME, folder, port);
  await homeserver.start();
}, 90_000);

afterAll(async () => {
  for (const front of fronts) front.close();
  await homeserver?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

const WELL_KNOWN = '/.well-known/matrix';
const right: Readonly<Record<string, object>> = {
  [`${WELL_KNOWN}/server`]: { 'm.server': 'matrix.care.example:443' },
  [`${WELL_KNOWN}/client`]: { 'm.homeserver': { base_url: 'https://matrix.care.example' } },
  [`${WELL_KNOWN}/support`]: { contacts: [{ role: 'm.role.admin', email_address: 'beheer@care.example' }] },
};

/** What an organisation has: a web server that gives out files, and a proxy in front of its homeserver. */
interface Organisation {
  readonly files?: Readonly<Record<string, object>>;
  /** The proxy's; by default that of the federation's authority, for 90 days. */
  readonly certificate?: KeyedCertificate;
  readonly proxy?: (path: string) => Reply;
}

/** As the charts' and Compose's: nothing of Synapse's own API. */
const closed = (path: string): Reply => (path.startsWith('/_matrix/') ? { homeserver: port } : 404);

type Findings = Readonly<Record<string, { readonly outcome: Outcome; readonly found: string }>>;

/** Where both servers of it are, as `--connect` takes it. */
async function connections({ files = right, certificate, proxy = closed }: Organisation): Promise<string[]> {
  const issue = (host: string) => issueCertificate(authority, host, new Date());
  const web = await startFront(await issue(NAME), (path) => files[path] ?? 404);
  const front = await startFront(certificate ?? (await issue('matrix.care.example')), proxy);
  fronts.push(web, front);
  return [`${NAME}:443=127.0.0.1:${web.port}`, `matrix.care.example:443=127.0.0.1:${front.port}`];
}

async function check(
  organisation: Organisation,
  {
    now = Date.now,
    ca = authority,
    findSrv = () => Promise.resolve(undefined),
    name = NAME,
    further = [],
  }: {
    readonly now?: () => number;
    readonly ca?: KeyedCertificate;
    readonly findSrv?: FindSrv;
    readonly name?: string;
    readonly further?: readonly string[];
  } = {},
): Promise<Findings> {
  const connect = new Map(
    [...(await connections(organisation)), ...further].map((line) => {
      const [from = '', to = ''] = line.split('=');
      return [from, { host: '127.0.0.1', port: Number(to.split(':')[1]) }];
    }),
  );
  const https = new HttpsGet({ authorities: [ca.certificatePem], timeoutMs: 5_000, connect });
  const { findings } = await checkServer(name, { https, findSrv, now });
  return Object.fromEntries(findings.map(({ check: what, ...rest }) => [what, rest]));
}

const outcomes = (findings: Findings): Record<string, Outcome> =>
  Object.fromEntries(Object.entries(findings).map(([what, { outcome }]) => [what, outcome]));

describe('a homeserver that is right', () => {
  it('passes each check', async () => {
    const findings = await check({});
    expect(outcomes(findings)).toEqual({
      'well-known server': 'ok',
      address: 'ok',
      certificate: 'ok',
      federation: 'ok',
      keys: 'ok',
      clock: 'ok',
      'well-known client': 'ok',
      'well-known support': 'ok',
      'admin API': 'ok',
    });
    expect(findings.address?.found).toBe('matrix.care.example:443, as the well-known file says.');
    expect(findings.federation?.found).toMatch(/^Synapse \d+\.\d+/);
    expect(findings.keys?.found).toMatch(/^ed25519:a_test, valid until \d{4}-/);
  });

  it('need not say what it is to who is of no federation', async () => {
    const versionIs = (reply: Reply) => (path: string) =>
      path === '/_matrix/federation/v1/version' ? reply : closed(path);
    const guarded = versionIs({ refused: 401, errcode: 'M_UNAUTHORIZED' });
    expect((await check({ proxy: guarded })).federation).toEqual({
      outcome: 'ok',
      found: 'It answers homeservers of its federation alone.',
    });
    for (const other of [401, { refused: 404, errcode: 'M_UNRECOGNIZED' }]) {
      expect((await check({ proxy: versionIs(other) })).federation?.outcome).toBe('failed');
    }
  });

  it('is found by an SRV record, and on port 8448 where nothing else is told', async () => {
    const own = await startFront(await issueCertificate(authority, NAME, new Date()), closed);
    fronts.push(own);
    const findSrv: FindSrv = (name) =>
      Promise.resolve(name === `_matrix-fed._tcp.${NAME}` ? { name: 'hs.example', port: 444 } : undefined);
    const bySrv = await check({ files: {} }, { findSrv, further: [`hs.example:444=127.0.0.1:${own.port}`] });
    expect(bySrv.address).toEqual({
      outcome: 'ok',
      found: 'hs.example:444, as the SRV record of care.example says.',
    });
    expect(bySrv.keys?.outcome).toBe('ok');
    const byPort = await check({ files: {} }, { further: [`${NAME}:8448=127.0.0.1:${own.port}`] });
    expect(byPort.address?.found).toBe('care.example:8448, as nothing else is told.');
    expect(byPort.keys?.outcome).toBe('ok');
  });
});

describe('a homeserver that partners cannot talk with', () => {
  it('has a certificate of another authority', async () => {
    const { certificate, keys } = await check({
      certificate: await issueCertificate(
        await createAuthority(new Date()),
        'matrix.care.example',
        new Date(),
      ),
    });
    expect(certificate?.outcome).toBe('failed');
    expect(certificate?.found).toMatch(/of no authority that is trusted/);
    expect(keys).toBeUndefined();
  });

  it('has a certificate for another name', async () => {
    const { certificate } = await check({ certificate: await issueCertificate(authority, NAME, new Date()) });
    expect(certificate?.outcome).toBe('failed');
    expect(certificate?.found).toMatch(/for other names \(DNS:care\.example\)/);
  });

  it('has a certificate that has ended, or that ends soon', async () => {
    const issuedDaysAgo = (days: number) =>
      issueCertificate(authority, 'matrix.care.example', new Date(Date.now() - days * DAY_MS));
    expect((await check({ certificate: await issuedDaysAgo(91) })).certificate).toEqual({
      outcome: 'failed',
      found: 'matrix.care.example:443: its certificate has ended.',
    });
    const { certificate } = await check({ certificate: await issuedDaysAgo(80) });
    expect(certificate?.outcome).toBe('warning');
    expect(certificate?.found).toMatch(/: 9 days\.$|: 10 days\.$/);
  });

  it('is another one than the well-known file says', async () => {
    const web = await startFront(await issueCertificate(authority, 'huisarts.example', new Date()), (path) =>
      path === `${WELL_KNOWN}/server` ? (right[path] as object) : 404,
    );
    fronts.push(web);
    const further = [`huisarts.example:443=127.0.0.1:${web.port}`];
    const { keys } = await check({}, { name: 'huisarts.example', further });
    expect(keys).toEqual({
      outcome: 'failed',
      found: 'They are those of care.example: another homeserver answers.',
    });
  });

  it('has a well-known file that nobody can read', async () => {
    const files = { ...right, [`${WELL_KNOWN}/server`]: { 'm.server': 'https://matrix.care.example' } };
    const findings = await check({ files });
    expect(findings['well-known server']?.outcome).toBe('failed');
  });

  it('tells of keys that it does not have', async () => {
    const answer = (await (await fetch(`http://127.0.0.1:${port}/_matrix/key/v2/server`)).json()) as {
      verify_keys: object;
    };
    const another = { 'ed25519:a_test': { key: Buffer.alloc(32, 7).toString('base64') } };
    const proxy = (path: string): Reply =>
      path.startsWith('/_matrix/key/') ? { ...answer, verify_keys: another } : closed(path);
    expect((await check({ proxy })).keys).toEqual({
      outcome: 'failed',
      found: 'The answer is not signed by ed25519:a_test.',
    });
  });

  it('is not there', async () => {
    const findings = await check(
      { files: { [`${WELL_KNOWN}/server`]: { 'm.server': 'gone.care.example:1' } } },
      {
        further: ['gone.care.example:1=127.0.0.1:1'],
      },
    );
    expect(findings.connection).toEqual({
      outcome: 'failed',
      found: 'gone.care.example:1: nobody listens there.',
    });
    expect(findings['admin API']?.outcome).toBe('not asked');
  });
});

describe('a homeserver that lets too much through, or is careless', () => {
  it('has its API for administrators open to everybody', async () => {
    const findings = await check({ proxy: () => ({ homeserver: port }) });
    expect(findings['admin API']?.outcome).toBe('failed');
    expect(findings['admin API']?.found).toMatch(
      /^matrix\.care\.example:443 lets everybody reach \/_synapse\/admin\//,
    );
    expect(findings.keys?.outcome).toBe('ok');
  });

  it('has a clock that is off', async () => {
    for (const [minutes, outcome] of [
      [-1, 'warning'],
      [10, 'failed'],
    ] as const) {
      const { clock } = await check({}, { now: () => Date.now() + minutes * 60_000 });
      expect(clock?.outcome).toBe(outcome);
      expect(clock?.found).toMatch(minutes < 0 ? /^(59|60|61) s ahead of/ : /^(599|600|601) s behind/);
    }
  });

  it('has clients and people who have to tell of a problem look in vain', async () => {
    const server = { [`${WELL_KNOWN}/server`]: right[`${WELL_KNOWN}/server`] as object };
    expect(outcomes(await check({ files: server }))).toMatchObject({
      'well-known client': 'warning',
      'well-known support': 'warning',
    });
    const wrong = {
      ...server,
      [`${WELL_KNOWN}/client`]: { 'm.homeserver': { base_url: 'http://matrix.care.example' } },
      [`${WELL_KNOWN}/support`]: { contacts: [{ role: 'm.role.admin' }] },
    };
    expect(outcomes(await check({ files: wrong }))).toMatchObject({
      'well-known client': 'failed',
      'well-known support': 'failed',
    });
  });
});

describe('the command', () => {
  async function run(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const program = join(projectRoot(), 'dist/apps/cli/src/main.js');
    return new Promise((resolve) => {
      execFile(process.execPath, [program, 'federation', 'check', ...words], (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  }
  const caFile = (): string => {
    const file = join(folder, 'ca.crt');
    writeFileSync(file, authority.certificatePem);
    return file;
  };
  const wordsFor = async (organisation: Organisation): Promise<string[]> =>
    (await connections(organisation)).flatMap((line) => ['--connect', line]);

  it('shows a table, and ends with 0, when all is right', async () => {
    const { code, stdout } = await run(NAME, '--ca', caFile(), ...(await wordsFor({})));
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/SERVER +│ CHECK/) as string });
    expect(stdout).toMatch(/care\.example +│ keys +│ ok/);
    expect(stdout.trimEnd()).toMatch(/\nPartners can reach them all: 0 failed, 0 warnings, 9 ok\.$/);
  });

  it('ends with 1, and tells programs what is wrong, when something is', async () => {
    const words = await wordsFor({ proxy: () => ({ homeserver: port }) });
    const { code, stdout } = await run(NAME, '--json', '--ca', caFile(), ...words);
    const told = JSON.parse(stdout) as { right: boolean; servers: { findings: { outcome: Outcome }[] }[] };
    expect({ code, right: told.right }).toEqual({ code: 1, right: false });
    expect(told.servers[0]?.findings.filter(({ outcome }) => outcome === 'failed')).toEqual([
      expect.objectContaining({ check: 'admin API' }),
    ]);
  });

  it('refuses what is no server name, and a file without certificates', async () => {
    expect(await run('https://care.example')).toMatchObject({ code: 1, stdout: '' });
    writeFileSync(join(folder, 'empty'), '');
    const { code, stderr } = await run(NAME, '--ca', join(folder, 'empty'));
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('No certificate') as string,
    });
  });
});
