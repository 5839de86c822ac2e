import { QueueConnection } from '@bridge/queue';
import { Controller } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { QueueFixture } from './support/queue-fixture';
import { MappingHandlers } from './support/queue-worker';

let fixture: QueueFixture;

beforeAll(async () => {
  fixture = await QueueFixture.start();
}, 30_000);

afterAll(() => fixture?.stop());

afterEach(() => fixture.endTest());

describe('a start', () => {
  it('is refused when the stream has another number of partitions, with the way out', async () => {
    await fixture.publisher();
    await expect(QueueConnection.open({ ...fixture.config, partitions: 8 })).rejects.toMatchObject({
      name: 'QueueSetupError',
      message: expect.stringContaining(
        'has 4 partitions, NATS_PARTITIONS says 8. Set NATS_PARTITIONS=4',
      ) as string,
    });
  });

  it('is refused, where none is to be borne, for each way to lose what was confirmed', async () => {
    const strict = { ...fixture.config, durability: 'strict' } as const;
    await expect(QueueConnection.open(strict)).rejects.toMatchObject({
      name: 'QueueSetupError',
      message: expect.stringMatching(/NATS_REPLICAS=3.*NATS_MONITORING_URLS/) as string,
    });
  });

  it('takes over a changed limit', async () => {
    await fixture.publisher();
    fixture.config = { ...fixture.config, maxBytes: 1_000_000 };
    await fixture.publisher();
    expect((await fixture.manager.streams.info('ROOMS')).config).toMatchObject({
      max_bytes: 1_000_000,
      metadata: { partitions: '4' },
      retention: 'workqueue',
      discard: 'new',
    });
  });

  it('succeeds for many processes at the same time', async () => {
    await expect(Promise.all(Array.from({ length: 8 }, () => fixture.publisher()))).resolves.toHaveLength(8);
  });

  it('is refused when a kind has no handler', async () => {
    @Controller()
    class OnlyPull {
      @EventPattern('fhir.pull')
      pull(): void {}
    }
    await expect(fixture.worker(() => undefined, { controllers: [OnlyPull] })).rejects.toThrow(
      /fhir\.changed has no handler; .*matrix\.m\.room\.message has no handler/,
    );
  });

  it('is refused when a kind has two handlers, or one that belongs elsewhere', async () => {
    @Controller()
    class Again {
      @EventPattern('fhir.pull')
      pull(): void {}

      @EventPattern('command.invite')
      invite(): void {}
    }
    await expect(fixture.worker(() => undefined, { controllers: [MappingHandlers, Again] })).rejects.toThrow(
      'fhir.pull has more than one handler; command.invite is not a message of MAPPING',
    );
  });
});
