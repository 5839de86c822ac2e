import { Injectable, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Config, Readiness } from '@bridge/platform';
import { PrismaPg } from '@prisma/adapter-pg';
import { databaseFailure } from './database-failure';
import { Prisma, PrismaClient } from './generated/client';

/** The one connection pool of a process. Stores use it; nothing else does. */
@Injectable()
export class Database implements OnModuleInit, OnApplicationShutdown {
  /** Throws BridgeErrors for what is wrong with the database, and Prisma's for what is wrong with a query. */
  readonly client: Omit<PrismaClient, '$transaction'>;
  private readonly prisma: PrismaClient;

  constructor(config: Config['postgres'], readiness: Readiness) {
    const adapter = new PrismaPg({ connectionString: config.url, max: config.poolSize });
    // Extending a client leaves its queries and their types as they are.
    this.prisma = new PrismaClient({ adapter }).$extends(withFailures) as unknown as PrismaClient;
    this.client = this.prisma;
    readiness.register('postgres', async () => {
      await this.client.$queryRaw`SELECT 1`;
    });
  }

  async onModuleInit(): Promise<void> {
    await this.client.$connect();
  }

  /**
   * Does several queries, all or none of them.
   * @param options.timeout how long it may take, in milliseconds; 5 s unless given
   */
  async transaction<T>(
    act: (transaction: Prisma.TransactionClient) => Promise<T>,
    options?: { timeout: number },
  ): Promise<T> {
    try {
      return await this.prisma.$transaction(act, options);
    } catch (error) {
      // Its begin and its commit are no queries of the client.
      throw databaseFailure(error);
    }
  }

  /** Last in the shutdown order: handlers in flight have finished by then. */
  async onApplicationShutdown(): Promise<void> {
    await this.client.$disconnect();
  }
}

const withFailures = Prisma.defineExtension({
  query: {
    async $allOperations({ args, query }) {
      try {
        return (await query(args)) as unknown;
      } catch (error) {
        throw databaseFailure(error);
      }
    },
  },
});
