import { DynamicModule, Module } from '@nestjs/common';
import { Config } from '@bridge/platform';
import { Binaries } from './binaries';
import { FhirClient } from './fhir-client';

@Module({})
export class FhirModule {
  /** Global: the organisation's FHIR server. */
  static forRoot(fhir: Config['fhir']): DynamicModule {
    return {
      module: FhirModule,
      global: true,
      providers: [{ provide: FhirClient, useFactory: () => new FhirClient(fhir) }, Binaries],
      exports: [FhirClient, Binaries],
    };
  }
}
