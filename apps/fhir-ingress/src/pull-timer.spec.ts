import { PullTimer } from './pull-timer';

class Publisher {
  readonly published: { kind: string; key: string; data: unknown; id: string }[] = [];
  readonly failing = new Set<string>();

  async publish(kind: string, key: string, data: unknown, { id }: { id: string }) {
    if (this.failing.has(key)) throw new Error('away');
    this.published.push({ kind, key, data, id });
    return { duplicate: false, sequence: 1 };
  }
}

describe('PullTimer', () => {
  let publisher: Publisher;
  let warnings: unknown[];
  let timer: PullTimer;

  beforeEach(() => {
    jest.useFakeTimers({ now: 600_000 });
    publisher = new Publisher();
    warnings = [];
    timer = timerOf();
  });
  afterEach(() => {
    timer.beforeApplicationShutdown();
    jest.useRealTimers();
  });

  const timerOf = (): PullTimer =>
    new PullTimer(publisher, ['ehr', 'lab'], 60_000, { warn: (line) => warnings.push(line) });
  const ids = (): string[] => publisher.published.map(({ id }) => id);

  it('queues a pull of each source at the start and after each interval', async () => {
    timer.start();
    await jest.advanceTimersByTimeAsync(0);
    expect(publisher.published).toEqual([
      { kind: 'fhir.pull', key: 'ehr', data: { source: 'ehr' }, id: 'ehr:timer:10' },
      { kind: 'fhir.pull', key: 'lab', data: { source: 'lab' }, id: 'lab:timer:10' },
    ]);
    await jest.advanceTimersByTimeAsync(120_000);
    expect(ids().slice(2)).toEqual(['ehr:timer:11', 'lab:timer:11', 'ehr:timer:12', 'lab:timer:12']);
  });

  it('gives replicas that start at different moments of an interval the same ids', async () => {
    timer.start();
    await jest.advanceTimersByTimeAsync(59_999);
    const other = timerOf();
    other.start();
    await jest.advanceTimersByTimeAsync(0);
    other.beforeApplicationShutdown();
    expect(ids()).toEqual(['ehr:timer:10', 'lab:timer:10', 'ehr:timer:10', 'lab:timer:10']);
  });

  it('reports a failing pull, queues the others, and tries again at the next interval', async () => {
    publisher.failing.add('ehr');
    timer.start();
    await jest.advanceTimersByTimeAsync(0);
    expect(ids()).toEqual(['lab:timer:10']);
    expect(warnings).toMatchObject([{ source: 'ehr' }]);
    publisher.failing.clear();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(ids()).toContain('ehr:timer:11');
  });

  it('stops with the app', async () => {
    timer.start();
    timer.beforeApplicationShutdown();
    await jest.advanceTimersByTimeAsync(600_000);
    expect(ids()).toHaveLength(2);
  });
});
