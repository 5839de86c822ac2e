import { Injectable, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Config, Readiness } from '@bridge/platform';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client';

/** The one connection pool of a process. Stores use it; nothing else does. */
@Injectable()
export class Database implements OnModuleInit, OnApplicationShutdown {
  readonly client: PrismaClient;

  constructor(config: Config['postgres'], readiness: Readiness) {
    const adapter = new PrismaPg({ connectionString: config.url, max: config.poolSize });
    this.client = new PrismaClient({ adapter });
    readiness.register('postgres', async () => {
      await this.client.$queryRaw`SELECT 1`;
    });
  }

  async onModuleInit(): Promise<void> {
    await this.client.$connect();
  }

  /** Last in the shutdown order: handlers in flight have finished by then. */
  async onApplicationShutdown(): Promise<void> {
    await this.client.$disconnect();
  }
}
