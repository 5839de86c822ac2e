import { Body, Controller, Get, Injectable, Module, Post, type OnApplicationShutdown } from '@nestjs/common';
import { CustomTransportStrategy, Server } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PlatformModule } from './platform.module';
import { Readiness } from './health/readiness';
import { startApp, type AppOptions } from './start-app';
import { currentTraceId } from './trace/trace-context';

const config = {
  http: { host: '127.0.0.1', port: 0, bodyLimitBytes: 2048 },
  log: { level: 'silent', format: 'json' },
  tracing: {},
} as const;

/** What happened, in order. */
let events: string[];
/** Resolves when a request has arrived; its answer waits for `release`. */
let gate: { arrived: Promise<void>; arrive: () => void; released: Promise<void>; release: () => void };
let exited: Promise<number>;

@Controller()
class WorkController {
  constructor(private readonly readiness: Readiness) {}

  @Get('slow')
  async slow(): Promise<string> {
    gate.arrive();
    await gate.released;
    events.push(`request done, ${JSON.stringify((await this.readiness.report()).checks)}`);
    return 'done';
  }

  @Post('trace')
  trace(@Body() body: { text: string }): object {
    return { text: body.text, trace: currentTraceId() };
  }

  @Post('fail')
  fail(@Body() body: { text: string }): never {
    throw new Error(`cannot handle ${body.text}`);
  }
}

@Injectable()
class Connection implements OnApplicationShutdown {
  onApplicationShutdown(signal?: string): void {
    events.push(`connection closed on ${signal}`);
  }
}

@Module({
  imports: [PlatformModule.forRoot({ app: 'test', config })],
  controllers: [WorkController],
  providers: [Connection],
})
class TestModule {}

class Strategy extends Server implements CustomTransportStrategy {
  constructor(private readonly onListen: () => Promise<void> = async () => undefined) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    this.onListen().then(() => callback(), callback);
  }

  close(): void {
    events.push('strategy closed');
  }

  on(): void {}

  unwrap<T>(): T {
    throw new Error('Nothing below');
  }
}

/** The app of the running test, from the moment it is created, whatever becomes of its start. */
let app: NestFastifyApplication;

/** @returns the app's URL once it has started; empty when it failed to, since `process.exit` does not end a test */
async function start(options: Partial<AppOptions> = {}): Promise<string> {
  const configure = async (created: NestFastifyApplication): Promise<void> => {
    app = created;
    await options.configure?.(created);
  };
  const started = (await startApp({ app: 'test', module: TestModule, config, ...options, configure })) as
    NestFastifyApplication | undefined;
  return (await started?.getUrl()) ?? '';
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

beforeEach(() => {
  events = [];
  const [arrived, released] = [deferred(), deferred()];
  gate = {
    arrived: arrived.promise,
    arrive: arrived.resolve,
    released: released.promise,
    release: released.resolve,
  };
  exited = new Promise((resolve) => {
    jest.spyOn(process, 'exit').mockImplementation(((code: number) => resolve(code)) as never);
  });
});
afterEach(async () => {
  await app.close();
  jest.restoreAllMocks();
  for (const event of ['SIGTERM', 'SIGINT', 'unhandledRejection', 'uncaughtException'])
    process.removeAllListeners(event);
});

describe('startApp', () => {
  it('answers /live, /ready and /metrics', async () => {
    const url = await start();
    const live = await fetch(`${url}/live`);
    expect([live.status, await live.json()]).toEqual([200, { status: 'ok' }]);
    const ready = await fetch(`${url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, checks: { start: 'up' } }]);
    const metrics = await fetch(`${url}/metrics`);
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await metrics.text()).toContain('nodejs_eventloop_lag_seconds');
  });

  it('answers /ready with 503 and the reason when a check fails', async () => {
    const url = await start();
    app.get(Readiness).register('nats', () => Promise.reject(new Error('letmein')));
    const ready = await fetch(`${url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { ready: false, checks: { start: 'up', nats: 'down' } },
    ]);
  });

  describe.each<[string, (begin: () => Promise<void>) => Partial<AppOptions>]>([
    ['its strategy', (begin) => ({ strategy: () => new Strategy(begin) })],
    ['what else it serves', (begin) => ({ serve: begin })],
  ])('with %s', (_what, optionsWith) => {
    it('is live but not ready while that still starts', async () => {
      const queue = deferred();
      const listening = new Promise<string>((resolve) => {
        const reached = async (): Promise<void> => {
          resolve(await app.getUrl());
          await queue.promise;
        };
        void start(optionsWith(reached));
      });
      const url = await listening;
      expect((await fetch(`${url}/live`)).status).toBe(200);
      expect(await (await fetch(`${url}/ready`)).json()).toEqual({
        ready: false,
        checks: { start: 'starting' },
      });
      queue.resolve();
      const ready = async () => (await fetch(`${url}/ready`)).status;
      while ((await ready()) !== 200) await new Promise(setImmediate);
    });

    it('ends with status 1 when that cannot start', async () => {
      void start(optionsWith(() => Promise.reject(new Error('partition mismatch'))));
      expect(await exited).toBe(1);
    });
  });

  it('gives each request a trace, that of the header where there is one, also after a body was read', async () => {
    const url = await start();
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const send = async (headers: Record<string, string>): Promise<unknown> => {
      const request = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' } };
      return (await fetch(`${url}/trace`, { ...request, body: '{"text":"hello"}' })).json();
    };
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    expect(await send({ traceparent })).toEqual({ text: 'hello', trace: traceId });
    expect(await send({})).toEqual({
      text: 'hello',
      trace: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
  });

  it('tells the sender of a failed request nothing of the error', async () => {
    const url = await start();
    const headers = { 'content-type': 'application/json' };
    const failed = await fetch(`${url}/fail`, { method: 'POST', headers, body: '{"text":"Mrs Jansen"}' });
    expect([failed.status, await failed.text()]).toEqual([
      500,
      '{"statusCode":500,"message":"Internal server error"}',
    ]);
    const malformed = await fetch(`${url}/fail`, { method: 'POST', headers, body: 'Mrs Jansen' });
    expect([malformed.status, await malformed.text()]).toEqual([400, expect.not.stringContaining('Jansen')]);
    const large = await fetch(`${url}/fail`, { method: 'POST', headers, body: `"${'x'.repeat(2048)}"` });
    expect(large.status).toBe(413);
  });
});

describe('stopping', () => {
  it('drains, lets requests finish, closes the strategy, then the connections, and ends with status 0', async () => {
    const url = await start({ strategy: () => new Strategy() });
    const answer = fetch(`${url}/slow`).then((response) => response.text());
    await gate.arrived;
    process.emit('SIGTERM', 'SIGTERM');
    gate.release();
    expect(await answer).toBe('done');
    expect(await exited).toBe(0);
    expect(events).toEqual([
      'request done, {"process":"draining"}',
      'strategy closed',
      'connection closed on SIGTERM',
    ]);
    await expect(fetch(`${url}/live`)).rejects.toThrow();
  });

  it('ends at once with status 1 on a second signal', async () => {
    const url = await start();
    const answer = fetch(`${url}/slow`);
    await gate.arrived;
    process.emit('SIGINT', 'SIGINT');
    process.emit('SIGINT', 'SIGINT');
    expect(await exited).toBe(1);
    expect(events).toEqual([]);
    gate.release();
    await answer;
  });

  it('leaves signals alone once the app was closed by its own process', async () => {
    const before = process.listenerCount('SIGTERM');
    await start();
    expect(process.listenerCount('SIGTERM')).toBe(before + 1);
    await app.close();
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });

  it('ends at once with status 0 on a signal while it still starts', async () => {
    const configuring = deferred();
    const queue = deferred();
    const started = start({
      configure: () => configuring.resolve(),
      strategy: () => new Strategy(() => queue.promise),
    });
    await configuring.promise;
    process.emit('SIGTERM', 'SIGTERM');
    expect(await exited).toBe(0);
    queue.resolve();
    await started;
  });

  it('ends with status 1 on an error that nobody handled', async () => {
    await start();
    process.emit('unhandledRejection', new Error('lost'), Promise.resolve());
    expect(await exited).toBe(1);
  });
});
