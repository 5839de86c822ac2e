import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../deploy/local/src/free-port';
import { type NatsServer, prepareNatsServer } from '../deploy/local/src/nats-server';
import { durabilityFlaws } from '../libs/queue/src/durability';

/* Whether NATS writes to disk before it confirms, as real servers tell at their monitoring ports. */

let directory: string;
let always: NatsServer;
let later: NatsServer;
let nowhere: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bridge-durability-'));
  const ports = await freePorts(5);
  const server = (name: string): Promise<NatsServer> =>
    prepareNatsServer({
      port: ports.pop()!,
      monitorPort: ports.pop()!,
      directory: join(directory, name),
      logFile: join(directory, `${name}.log`),
    });
  [always, later] = [await server('always'), await server('later')];
  nowhere = `http://127.0.0.1:${ports.pop()!}`;
  const file = join(directory, 'later', 'nats.conf');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/ *sync_interval.*\n/, ''));
  await Promise.all([always.process.start(), later.process.start()]);
}, 30_000);

afterAll(async () => {
  await Promise.all([always?.process.stop(), later?.process.stop()]);
  await rm(directory, { recursive: true, force: true });
});

it('finds nothing where three servers write before they confirm', async () => {
  expect(await durabilityFlaws({ replicas: 3, monitoringUrls: [always.monitorUrl] })).toEqual([]);
});

it('names each server that does not, or does not tell, and the number of replicas', async () => {
  const monitoringUrls = [always.monitorUrl, later.monitorUrl, nowhere];
  expect(await durabilityFlaws({ replicas: 1, monitoringUrls })).toEqual([
    expect.stringContaining('NATS_REPLICAS=3'),
    expect.stringContaining(`${new URL(later.monitorUrl).host} confirms messages that it has not written`),
    expect.stringContaining(`${new URL(nowhere).host} does not tell`),
  ]);
});

it('says that it is not known where it cannot ask', async () => {
  expect(await durabilityFlaws({ replicas: 3, monitoringUrls: undefined })).toEqual([
    expect.stringContaining('It is not known'),
  ]);
});
