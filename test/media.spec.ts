import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { FhirRef, NeedsPersonError, TransientError, UserId } from '@bridge/contracts';
import { Binaries, FhirClient, FhirRefusal, FurtherBases } from '@bridge/fhir';
import { type Download, Homeserver, MatrixRefusal, Media, PartnerAway } from '@bridge/matrix';
import { TooManyBytes } from '@bridge/platform';
import { until } from './support/until';

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

const ghost = UserId.parse('@_fhir_bridge_0f:care.example');
const mxc = 'mxc://gp.example:8448/AbC-d_1';
const words = 'Cornelia Kanarie';

let server: Server;
let url: string;
let answer: Answer;
let seen: IncomingMessage;
let homeserver: Homeserver;
let fhir: FhirClient;
let media: Media;
let binaries: Binaries;

beforeAll(async () => {
  server = createServer((request, response) => {
    seen = request;
    void Promise.resolve(answer(request, response)).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  fhir = new FhirClient({
    baseUrl: `${url}/fhir`,
    bearerToken: 'fhir-token-for-tests',
    requestTimeoutMs: 1000,
  } as never);
  binaries = new Binaries(fhir, new FurtherBases({ attachmentBases: undefined, requestTimeoutMs: 5_000 }));
});

/** A homeserver that has asked for patience is left alone by the client that it has asked: each test has its own. */
beforeEach(() => {
  homeserver = new Homeserver({ url: `${url}/`, asToken: 'as-token-for-tests', requestTimeoutMs: 1000 });
  media = new Media(homeserver);
});

afterEach(() => homeserver.onApplicationShutdown());

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await fhir.onApplicationShutdown();
});

/** Answers with a file, and with its length unless that is to stay unknown. */
function gives(
  bytes: Buffer,
  headers: Record<string, string> = { 'content-length': String(bytes.length) },
): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'image/png', ...headers }).end(bytes);
  };
}

const says = (status: number, body: object | string): Answer => {
  return (request, response) => {
    request.resume();
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
};

/** Takes a file, and says where it is. */
const takes = (into: (bytes: Buffer) => void): Answer => {
  return async (request, response) => {
    into(await buffer(request));
    const created = { location: 'https://ehr.example/fhir/Binary/b1/_history/1' };
    response.writeHead(201, created).end('{"content_uri":"mxc://care.example/new"}');
  };
};

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: Error) => error,
  );
}

const opened = (found: Download | string): Download => {
  if (typeof found === 'string') throw new Error(found);
  return found;
};

describe('a download from the homeserver', () => {
  it('asks our homeserver, as the bot and by the authenticated API, also for files of others', async () => {
    const bytes = Buffer.from([0, 255, 10, 13]);
    answer = gives(bytes);
    const { body, contentType, length } = opened(await media.download(mxc, 100));
    expect((await buffer(body)).equals(bytes)).toBe(true);
    expect({ contentType, length, bytes: body.bytes }).toEqual({
      contentType: 'image/png',
      length: 4,
      bytes: 4,
    });
    expect(body.sha1()).toBe(createHash('sha1').update(bytes).digest('base64'));
    const { pathname, searchParams } = new URL(seen.url ?? '', 'http://x');
    expect(pathname).toBe('/_matrix/client/v1/media/download/gp.example%3A8448/AbC-d_1');
    expect(searchParams.has('user_id')).toBe(false);
    expect(seen.headers.authorization).toBe('Bearer as-token-for-tests');
  });

  it.each([
    'https://gp.example/x',
    'mxc://gp.example',
    'mxc://gp.example/',
    'mxc:///x',
    'mxc://../x',
    'mxc://gp.example/..',
    'mxc://gp.example/x/y',
    'mxc://gp.example/x?allow_redirect=true',
    'mxc://gp.example@evil.example/x',
    '',
  ])('asks nobody for %j, which is no address of a file', async (address) => {
    answer = () => {
      throw new Error('asked');
    };
    expect(await media.download(address, 100)).toBe('unavailable');
  });

  it('takes nothing that is announced as too large', async () => {
    answer = gives(Buffer.alloc(101));
    expect(await media.download(mxc, 100)).toBe('too-large');
    answer = gives(Buffer.alloc(100));
    expect(await buffer(opened(await media.download(mxc, 100)).body)).toHaveLength(100);
  });

  it('ends at the limit when no length, and so none that could lie, was announced', async () => {
    let isGone = false;
    answer = (_request, response) => {
      response.once('close', () => (isGone = true));
      Readable.from(endless())
        .on('error', () => undefined)
        .pipe(response);
    };
    const { body } = opened(await media.download(mxc, 1_000_000));
    await expect(buffer(body)).rejects.toBeInstanceOf(TooManyBytes);
    await until('the end of the connection', () => isGone);
  });

  it.each([
    [404, { errcode: 'M_NOT_FOUND', error: words }, 'unavailable'],
    [400, { errcode: 'M_INVALID_PARAM' }, 'unavailable'],
    [502, { errcode: 'M_TOO_LARGE' }, 'too-large'],
    [413, { errcode: 'M_TOO_LARGE' }, 'too-large'],
  ])('that is answered with %d %j is %s', async (status, body, expected) => {
    answer = says(status, body);
    expect(await media.download(mxc, 100)).toBe(expected);
  });

  it.each([
    [502, { errcode: 'M_UNKNOWN', error: words }, PartnerAway],
    [504, { errcode: 'M_NOT_YET_UPLOADED' }, PartnerAway],
    [502, `<html>${words}</html>`, TransientError],
    [503, '', TransientError],
    [401, { errcode: 'M_UNKNOWN_TOKEN' }, NeedsPersonError],
  ])('that is answered with %d %j is tried again (%p)', async (status, body, Expected) => {
    answer = says(status, body);
    const failure = await failureOf(media.download(mxc, 100));
    expect(failure.constructor).toBe(Expected);
    expect(failure.message).not.toContain('Kanarie');
  });

  it('waits as long as the homeserver says when there are too many', async () => {
    answer = says(429, { errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 77 });
    expect(await failureOf(media.download(mxc, 100))).toMatchObject({ retryAfterMs: 77 });
  });

  it('that breaks off is tried again, and so is one that stands still', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => response.destroy());
    };
    const broken = await failureOf(buffer(opened(await media.download(mxc, 100)).body));
    expect(broken).toMatchObject({ recovery: 'transient', failureClass: 'homeserver-away' });
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
    };
    const still = await failureOf(buffer(opened(await media.download(mxc, 100)).body));
    expect(still).toMatchObject({ recovery: 'transient', failureClass: 'homeserver-away' });
  }, 15_000);
});

describe('an upload to the homeserver', () => {
  const upload = (body: Readable, length: number) =>
    media.upload(body, { contentType: 'image/png', length, as: ghost });

  it('sends the bytes with type and length as the ghost, and no name, which access logs would keep', async () => {
    const bytes = randomBytes(1000);
    let stored: Buffer = Buffer.alloc(0);
    answer = takes((taken) => (stored = taken));
    expect(await upload(Readable.from([bytes]), 1000)).toBe('mxc://care.example/new');
    expect(stored.equals(bytes)).toBe(true);
    expect(seen.headers).toMatchObject({ 'content-type': 'image/png', 'content-length': '1000' });
    const { pathname, searchParams } = new URL(seen.url ?? '', 'http://x');
    expect(pathname).toBe('/_matrix/media/v3/upload');
    expect(Object.fromEntries(searchParams)).toEqual({ user_id: ghost });
  });

  it('can be of nothing', async () => {
    let stored: Buffer | undefined;
    answer = takes((taken) => (stored = taken));
    await upload(Readable.from([]), 0);
    expect(stored).toHaveLength(0);
  });

  it('fails as its source does, and lets go of the homeserver', async () => {
    let isGone = false;
    answer = (request) => {
      request.on('error', () => undefined).once('close', () => (isGone = true));
      request.resume();
    };
    const source = new TooManyBytes(3);
    const failing = Readable.from(
      (async function* () {
        yield Buffer.from('abc');
        await turn();
        throw source;
      })(),
    );
    expect(await failureOf(upload(failing, 100))).toBe(source);
    await until('the end of the connection', () => isGone);
  });

  it('lets go of its source when the homeserver has gone', async () => {
    answer = (request) => {
      request.destroy();
    };
    const source = Readable.from(endless());
    expect(await failureOf(upload(source, 2 ** 30))).toMatchObject({ failureClass: 'homeserver-away' });
    expect(source.destroyed).toBe(true);
  });

  it.each([99, 101])('of %d bytes announced as 100 does not succeed', async (size) => {
    answer = takes(() => undefined);
    const failure = await failureOf(upload(Readable.from([Buffer.alloc(size)]), 100));
    expect(failure).toMatchObject({ recovery: 'transient' });
  });

  it('that is refused as too large says so', async () => {
    answer = says(413, { errcode: 'M_TOO_LARGE' });
    const failure = await failureOf(upload(Readable.from([Buffer.alloc(10)]), 10));
    expect(failure).toBeInstanceOf(MatrixRefusal);
    expect(failure).toMatchObject({ errcode: 'M_TOO_LARGE' });
  });

  it('is limited by what the homeserver takes, which is asked for once', async () => {
    let asked = 0;
    answer = (_request, response) => {
      asked += 1;
      response.end('{"m.upload.size":1234}');
    };
    expect([await media.largestUpload(), await media.largestUpload()]).toEqual([1234, 1234]);
    expect(asked).toBe(1);
  });
});

describe('a file of the FHIR server', () => {
  it('is created from bytes with type, length and the patient whose rules hold for it', async () => {
    const bytes = randomBytes(1000);
    let stored: Buffer = Buffer.alloc(0);
    answer = takes((taken) => (stored = taken));
    const securityContext = FhirRef.parse('Patient/p');
    const created = await binaries.create(Readable.from([bytes]), {
      contentType: 'image/png',
      length: 1000,
      securityContext,
    });
    expect(created).toBe('Binary/b1');
    expect(stored.equals(bytes)).toBe(true);
    expect(seen.url).toBe('/fhir/Binary');
    expect(seen.headers).toMatchObject({
      authorization: 'Bearer fhir-token-for-tests',
      'content-type': 'image/png',
      'content-length': '1000',
      'x-security-context': 'Patient/p',
    });
  });

  it.each([
    ['Binary/b1', '/fhir/Binary/b1'],
    ['Binary/b1/_history/2', '/fhir/Binary/b1/_history/2'],
    [
      '{base}/DocumentReference/d/$binary-access-read?path=x',
      '/fhir/DocumentReference/d/$binary-access-read?path=x',
    ],
  ])('is read as bytes from %s', async (url, target) => {
    answer = gives(Buffer.from('bytes'));
    const absolute = url.replace('{base}', `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`);
    const file = await binaries.open(absolute, 100);
    expect(typeof file === 'string' ? file : (await buffer(file.body)).toString()).toBe('bytes');
    expect(seen.url).toBe(target);
    expect(seen.headers).toMatchObject({ authorization: 'Bearer fhir-token-for-tests', accept: '*/*' });
  });

  it.each([
    'https://evil.example/fhir/Binary/b1',
    '//evil.example/fhir/Binary/b1',
    '../admin',
    '%2e%2e/admin',
    '/admin',
    'file:///etc/passwd',
    'http://[',
  ])('is never asked for at %s: the token is for the FHIR server alone', async (url) => {
    answer = () => {
      throw new Error('asked');
    };
    expect(await binaries.open(url, 100)).toBe('unavailable');
    expect(fhir.refAt(url)).toBeUndefined();
  });

  it('is none when the server answers with a resource, such as a patient', async () => {
    answer = gives(Buffer.from('{}'), { 'content-type': 'application/fhir+json; charset=utf-8' });
    expect(await binaries.open('Patient/p', 100)).toBe('unavailable');
  });

  it('is not there, too large, or to be asked for again', async () => {
    answer = says(404, {});
    expect(await binaries.open('Binary/b1', 100)).toBe('unavailable');
    answer = gives(Buffer.alloc(101));
    expect(await binaries.open('Binary/b1', 100)).toBe('too-large');
    answer = gives(Buffer.alloc(101), {});
    const file = await binaries.open('Binary/b1', 100);
    await expect(buffer((file as Download).body)).rejects.toBeInstanceOf(TooManyBytes);
    answer = says(503, {});
    expect(await failureOf(binaries.open('Binary/b1', 100))).toMatchObject({ failureClass: 'fhir-busy' });
    answer = says(413, {});
    const refused = await failureOf(binaries.create(Readable.from(['x']), { contentType: 'a/b' }));
    expect(refused).toBeInstanceOf(FhirRefusal);
  });
});

describe('192 MiB', () => {
  const total = 192 * 2 ** 20;
  // More than two connections with the largest buffers of Linux hold (32 + 4 MiB each), and half of the whole.
  const bound = 96 * 2 ** 20;
  const hash = createHash('sha1');
  let given: number;
  let taken: number;
  let most: number;
  let sunk: ReturnType<typeof createHash>;

  beforeEach(() => {
    given = taken = most = 0;
    sunk = createHash('sha1');
  });

  const chunk = randomBytes(65_536);
  for (let sent = 0; sent < total; sent += chunk.length) hash.update(chunk);
  const expected = hash.digest('base64');

  /** Gives as fast as it may; counts what the other side has accepted. */
  async function source(response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': String(total) });
    while (given < total) {
      await new Promise<void>((resolve, reject) =>
        response.write(chunk, (error) => (error ? reject(error) : resolve())),
      );
      given += chunk.length;
      most = Math.max(most, given - taken);
    }
    response.end();
  }

  /** Takes more slowly than the source gives. */
  async function sink(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for await (const part of request as AsyncIterable<Buffer>) {
      sunk.update(part);
      taken += part.length;
      for (let rest = 0; rest < 4; rest += 1) await turn();
    }
    response.writeHead(201, { location: 'x/Binary/b1' }).end('{"content_uri":"mxc://care.example/new"}');
  }

  const route: Answer = (request, response) =>
    request.method === 'GET' ? source(response) : sink(request, response);

  it('from Matrix to FHIR are never held: what has left the one is at the other, or in the sockets between', async () => {
    answer = route;
    const { body, length } = opened(await media.download(mxc, total));
    await binaries.create(body, { contentType: 'image/png', length });
    expect({ taken, bytes: body.bytes, sha1: body.sha1() }).toEqual({
      taken: total,
      bytes: total,
      sha1: expected,
    });
    expect(sunk.digest('base64')).toBe(expected);
    expect(most).toBeLessThan(bound);
  }, 60_000);

  it('from FHIR to Matrix are never held either', async () => {
    answer = route;
    const file = (await binaries.open('Binary/b1', total)) as Download;
    await media.upload(file.body, { contentType: 'image/png', length: total, as: ghost });
    expect(taken).toBe(total);
    expect(sunk.digest('base64')).toBe(expected);
    expect(most).toBeLessThan(bound);
  }, 60_000);
});

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) {
    await turn();
    yield Buffer.alloc(65_536);
  }
}
