import { TestServer } from '../server/test-server';
import { backoffMs } from './report-queue';
import { ReportReceiver } from './report-receiver';

let server: TestServer;
let receiver: ReportReceiver;
const never = new AbortController().signal;
const report = Buffer.from('{"operation":"x"}');

beforeAll(async () => {
  server = await TestServer.start();
  receiver = new ReportReceiver(`${server.url}/add-performance-data`);
});
beforeEach(() => (server.answer = undefined));
afterAll(async () => {
  await receiver.close();
  await server.stop();
});

describe('the receiver of reports', () => {
  it('gets a report as it is', async () => {
    server.says = { status: 204 };
    expect(await receiver.post(report, never)).toBe('sent');
    expect(server.seen[0]).toMatchObject({ method: 'POST', target: '/add-performance-data', body: report });
  });

  it.each([
    [200, 'sent'],
    [202, 'sent'],
    [400, 'refused'],
    [401, 'refused'],
    [413, 'refused'],
    [408, 'later'],
    [429, 'later'],
    [302, 'later'],
    [500, 'later'],
    [503, 'later'],
  ])('that answers %d: %s', async (status, outcome) => {
    server.says = { status };
    expect(await receiver.post(report, never)).toBe(outcome);
  });

  it('that is away, or breaks off, gets it later', async () => {
    server.answer = (request) => request.socket.destroy();
    expect(await receiver.post(report, never)).toBe('later');
    const gone = await TestServer.start();
    const { url } = gone;
    await gone.stop();
    const absent = new ReportReceiver(url);
    expect(await absent.post(report, never)).toBe('later');
    await absent.close();
  });

  it('is not waited for when the process ends', async () => {
    server.answer = () => undefined;
    const ended = new AbortController();
    const posted = receiver.post(report, ended.signal);
    ended.abort();
    expect(await posted).toBe('later');
  });
});

it('is tried again after a second, then less and less often, and at least each minute', () => {
  expect([1, 2, 3, 7, 100].map((tries) => backoffMs(tries, 1))).toEqual([
    1_000, 2_000, 4_000, 60_000, 60_000,
  ]);
  expect(backoffMs(1, 0)).toBe(500);
});
