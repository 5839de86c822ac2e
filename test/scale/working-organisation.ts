import { migrate } from '../../deploy/local/src/migrate';
import { until } from '../../deploy/local/src/until';
import { type Numbered, toBeMapped, toBeRecorded } from './made-messages';
import { fillDatabase, type OrganisationSize } from './organisation';
import { QueueFiller } from './queue-filler';
import { defaultPartitions, ScaleServers } from './scale-servers';

/** So many messages each way are bridged at a time. */
export const bridgedAtOnce = 40;
const settledWithinMs = 60_000;

/** A filled database with one fhir-mapper and one room-manager at work on it, whose other servers answer at once. */
export class WorkingOrganisation {
  private number = 0;

  private constructor(
    private readonly servers: ScaleServers,
    private readonly filler: QueueFiller,
  ) {}

  /** @param databaseUrl of an empty database */
  static async start(databaseUrl: string, size: OrganisationSize): Promise<WorkingOrganisation> {
    await migrate(databaseUrl);
    await fillDatabase(databaseUrl, size);
    const servers = await ScaleServers.start({ databaseUrl, answerMs: 0 });
    const workers = await Promise.all([
      servers.replica('fhir-mapper', 'fhir-mapper'),
      servers.replica('room-manager', 'room-manager'),
    ]);
    try {
      for (const { process } of workers) await process.start();
      return new WorkingOrganisation(servers, new QueueFiller(servers.nats, defaultPartitions));
    } catch (error) {
      await servers.stop();
      throw error;
    }
  }

  /** Bridges messages both ways, one after the other, in these conversations in turn. */
  async bridge(conversations: readonly number[]): Promise<void> {
    for (let index = 0; index < bridgedAtOnce; index++) {
      const conversation = conversations[index % conversations.length]!;
      await this.bridgeOne(toBeRecorded, conversation);
      await this.bridgeOne(toBeMapped, conversation);
      this.number += 1;
    }
  }

  async stop(): Promise<void> {
    await this.servers.stop();
  }

  private async bridgeOne<K extends 'matrix.m.room.message' | 'fhir.changed'>(
    { kind, message }: Numbered<K>,
    conversation: number,
  ): Promise<void> {
    await this.filler.publish(kind, message(conversation, this.number));
    await until(
      'both queues empty',
      // In this order: what the mapper is done with has its command in the other queue by then, and back again.
      async () =>
        (await this.servers.backlog('MAPPING')) === 0 &&
        (await this.servers.backlog('ROOMS')) === 0 &&
        (await this.servers.backlog('MAPPING')) === 0,
      settledWithinMs,
    );
  }
}
