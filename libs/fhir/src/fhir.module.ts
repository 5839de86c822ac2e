import { DynamicModule, Module } from '@nestjs/common';
import { Config, Metrics, Readiness } from '@bridge/platform';
import { ClientKeys } from './access/client-keys';
import { Binaries } from './binaries';
import { Capabilities } from './capabilities';
import { Deletions } from './deletions';
import { FhirClient } from './fhir-client';
import { FhirTransport } from './fhir-transport';
import { FurtherBases } from './further-bases';
import { SubscriptionOperations } from './subscription-operations';

const onTheClient = [Binaries, Capabilities, Deletions, SubscriptionOperations];

@Module({})
export class FhirModule {
  /** Global: the organisation's FHIR server. */
  static forRoot(fhir: Config['fhir']): DynamicModule {
    return {
      module: FhirModule,
      global: true,
      providers: [
        { provide: ClientKeys, useFactory: () => new ClientKeys(fhir) },
        {
          provide: FhirClient,
          useFactory: (keys: ClientKeys, metrics: Metrics, readiness: Readiness) =>
            new FhirClient(fhir, new FhirTransport(fhir, { keys, metrics, readiness })),
          inject: [ClientKeys, Metrics, Readiness],
        },
        { provide: FurtherBases, useFactory: () => new FurtherBases(fhir) },
        ...onTheClient,
      ],
      exports: [FhirClient, ClientKeys, ...onTheClient],
    };
  }
}
