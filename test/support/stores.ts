import { PersistenceModule } from '@bridge/persistence';
import { Readiness } from '@bridge/platform';
import { Global, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';

@Global()
@Module({ providers: [Readiness], exports: [Readiness] })
class ReadinessModule {}

/** The stores on a database, unless told otherwise the one that the tests share (TEST_DATABASE_URL). The caller closes it. */
export async function openStores(url = process.env.TEST_DATABASE_URL!): Promise<TestingModule> {
  const postgres = { url, poolSize: 20 };
  const nest = await Test.createTestingModule({
    imports: [ReadinessModule, PersistenceModule.forRoot(postgres, { ghostPrefix: '_fhir_bridge_' })],
  }).compile();
  return nest.init();
}
