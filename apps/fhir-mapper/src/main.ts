import { runMain, startApp } from '@bridge/platform';
import { JetStreamServer } from '@bridge/queue';
import { ParkedConversationStore } from '@bridge/persistence';
import { FhirMapperModule, fhirMapperSections } from './app.module';

runMain(
  {
    app: 'fhir-mapper',
    purpose: 'translates FHIR changes into room commands, and what is said in Matrix into FHIR resources',
    sections: fhirMapperSections,
  },
  (config) =>
    startApp({
      app: 'fhir-mapper',
      module: FhirMapperModule.forRoot(config),
      config,
      strategy: JetStreamServer.of('MAPPING', ParkedConversationStore),
    }),
);
