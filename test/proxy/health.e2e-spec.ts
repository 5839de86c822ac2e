import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@bridge/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { messengerProxySections } from '../../apps/messenger-proxy/src/app.module';
import { makeListKey, signList } from '../../apps/messenger-proxy/src/federation-list/sign-list';
import { TestServer } from '../../apps/messenger-proxy/src/server/test-server';
import { startMessengerProxy } from '../../apps/messenger-proxy/src/start-messenger-proxy';
import { freePorts } from '../../deploy/local/src/free-port';
import { TcpProxy } from '../chaos/tcp-proxy';
import { until } from '../support/until';

interface Report {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

let directory: string;
let listFile: string;
let homeserver: TestServer;
let database: TcpProxy;
let app: NestFastifyApplication;
let url: string;
const keys = makeListKey();

async function publishList(version: number): Promise<void> {
  const validUntil = new Date(Date.now() + 3_600_000);
  await writeFile(listFile, await signList({ version, domains: ['a.example'], validUntil }, keys.privateKey));
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bridge-proxy-'));
  listFile = join(directory, 'list.jws');
  await publishList(1);
  homeserver = await TestServer.start();
  const databaseUrl = new URL(process.env.TEST_DATABASE_URL!);
  const [port = 0] = await freePorts(1);
  database = await TcpProxy.start(port, [Number(databaseUrl.port)]);
  databaseUrl.hostname = '127.0.0.1';
  databaseUrl.port = String(port);
  const config = loadConfig(messengerProxySections, {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    LOG_LEVEL: 'fatal',
    DATABASE_URL: databaseUrl.href,
    MATRIX_SERVER_NAME: 'own.example',
    PROXY_HOMESERVER_URL: homeserver.url,
    PROXY_INBOUND_PORT: '0',
    PROXY_OUTBOUND: 'off',
    PROXY_LIST: listFile,
    PROXY_LIST_KEY: keys.publicKey,
    PROXY_LIST_INTERVAL_MS: '1000',
    // Long enough that the list is outdated only where it is gone, however late it is looked at.
    PROXY_LIST_TTL_MS: '10000',
  });
  app = await startMessengerProxy(config);
  url = await app.getUrl();
}, 60_000);

afterAll(async () => {
  await app?.close();
  await database?.stop();
  await homeserver?.stop();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

async function ready(): Promise<{ status: number; report: Report }> {
  const answer = await fetch(`${url}/ready`);
  return { status: answer.status, report: (await answer.json()) as Report };
}

const allUp = { postgres: 'up', homeserver: 'up', 'federation list': 'up', start: 'up' };

/** Waits until this component is said to be down, and looks at the rest. */
async function expectDown(component: keyof typeof allUp): Promise<void> {
  const { status, report } = await until(`${component} to be down`, async () => {
    const found = await ready();
    return found.report.checks[component] !== 'up' && found;
  });
  expect([status, report.ready]).toEqual([503, false]);
  expect({ ...report.checks, [component]: 'up' }).toEqual(allUp);
  expect((await fetch(`${url}/live`)).status).toBe(200);
}

async function expectUp(): Promise<void> {
  await until('all to be up', async () => (await ready()).status === 200);
}

describe('/ready', () => {
  it('names all that the proxy cannot work without', async () => {
    await expectUp();
    expect((await ready()).report).toMatchObject({ ready: true, checks: allUp });
  });

  it('names the homeserver where that is away, and comes back with it', async () => {
    homeserver.says = { status: 502 };
    await expectDown('homeserver');
    homeserver.says = {};
    await expectUp();
  });

  it('names the federation list where that is outdated, and comes back with it', async () => {
    await rm(listFile);
    await expectDown('federation list');
    await publishList(2);
    await expectUp();
  });
});

// Last: the database keeps what the others need.
describe('weakness 15: liveness that fails with a component', () => {
  it('does not: without its database, its homeserver and its list the process is alive', async () => {
    database.become({ kind: 'down' });
    await until('the database to be down', async () => (await ready()).report.checks.postgres !== 'up');
    homeserver.says = { status: 500 };
    const { status, report } = await ready();
    expect(status).toBe(503);
    expect(report.checks).toMatchObject({ start: 'up' });
    expect(report.checks.postgres).not.toBe('up');
    expect(report.checks.homeserver).not.toBe('up');
    expect((await fetch(`${url}/live`)).status).toBe(200);
    database.clear();
    homeserver.says = {};
    await expectUp();
  });

  it('nor does somebody raise its log level: there is no such call (weakness 5)', async () => {
    for (const path of ['/actuator/logging/TRACE', '/actuator/health']) {
      expect((await fetch(`${url}${path}`, { method: 'PUT' })).status).toBe(404);
    }
  });
});
