import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CallCounter } from './call-counter';

interface Report {
  readonly start: string;
  readonly durationInMs: number;
  readonly operation: string;
  readonly status: number;
  readonly message: Readonly<Record<string, unknown>>;
}

const reports: Report[] = [];
const counter = new CallCounter(
  {
    instanceId: 'proxy-1',
    serverName: 'own.example',
    professionOid: '1.2.276.0.76.4.50',
    telematikId: '1-2-ORG-3',
  },
  (report) => reports.push(report as Report),
);
/** What is done with a request. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;
/** When the last answer has ended, and was counted. */
let ended: Promise<unknown>;
const server = createServer((request, response) => {
  counter.watch('inbound', request, response);
  ended = once(response, 'close');
  request.resume().once('end', () => answer(request, response));
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
beforeEach(() => {
  reports.length = 0;
  answer = (_request, response) => response.writeHead(200).end('{"answer":1}');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** @returns when the answer has ended, and what was counted is told */
async function call(method: string, path: string, body = ''): Promise<void> {
  const { port } = server.address() as AddressInfo;
  const headers = {
    authorization: 'Bearer syt_secret_token',
    useragent: '{"client_id":"secret-client"}',
    'content-length': String(body.length),
  };
  const request = httpRequest({ port, host: '127.0.0.1', method, path, headers, agent: false });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await ended;
}

describe('a report of a call', () => {
  it('says what was called, when, for how long, how much, and what came of it', async () => {
    answer = (_request, response) => {
      setTimeout(() => response.writeHead(403).end('{"errcode":"M_FORBIDDEN"}'), 30);
    };
    const before = Date.now();
    await call('POST', '/_matrix/client/v3/login', '{"user":"somebody"}');
    const [report] = reports;
    expect(report).toMatchObject({
      operation: 'MP_CLIENT_LOGIN_REQUEST_ACCESS_TOKEN',
      status: 403,
      message: {
        'Inst-ID': 'proxy-1',
        'M-Dom': 'own.example',
        profOID: '1.2.276.0.76.4.50',
        tID: '1-2-ORG-3',
        Res: 403,
        sizeIn: 19,
      },
    });
    expect(report!.durationInMs).toBeGreaterThanOrEqual(25);
    expect(Date.parse(report!.start)).toBeGreaterThanOrEqual(before);
    expect(report!.message.sizeOut).toBeGreaterThan(25);
  });

  it('says nothing of whom: no id, no token, no header, no path', async () => {
    await call(
      'PUT',
      '/_matrix/client/v3/rooms/!secretroom:b/send/m.room.message/secret?access_token=secret',
    );
    await call('POST', '/_matrix/client/v3/user/%40secret%3Ab/openid/request_token', '{}');
    expect(reports).toHaveLength(2);
    const text = JSON.stringify(reports);
    expect(text).not.toMatch(/secret|_matrix|Bearer|useragent/);
    expect(Object.keys(reports[0]!).sort()).toEqual([
      'durationInMs',
      'message',
      'operation',
      'start',
      'status',
    ]);
    expect(Object.keys(reports[0]!.message).sort()).toEqual([
      'Inst-ID',
      'M-Dom',
      'Res',
      'UA-A',
      'UA-OS',
      'UA-OS-VERSION',
      'UA-P',
      'UA-PTV',
      'UA-PV',
      'UA-cid',
      'profOID',
      'sizeIn',
      'sizeOut',
      'tID',
    ]);
  });

  it('of an invite depends on whom it is for, and there is none where nobody was read', async () => {
    const path = '/_matrix/client/v3/rooms/!r:b/invite';
    for (const isOwn of [true, false, undefined]) {
      answer = (request, response) => {
        if (isOwn !== undefined) counter.invited(request, isOwn);
        response.writeHead(200).end('{}');
      };
      await call('POST', path, '{}');
    }
    expect(reports.map(({ operation }) => operation)).toEqual([
      'MP_INVITE_WITHIN_ORGANISATION_INVITE',
      'MP_INVITE_OUTSIDE_ORGANISATION_INVITE_SENDER',
    ]);
  });

  it('is not made of other calls, and of those that nobody waited for', async () => {
    await call('GET', '/_matrix/client/v3/sync');
    answer = (_request, response) => response.destroy();
    await expect(call('GET', '/_matrix/client/v3/login')).rejects.toThrow();
    await ended;
    expect(reports).toEqual([]);
  });
});
