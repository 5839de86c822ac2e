import { runMain } from '@bridge/platform';
import { fhirIngressSections } from './app.module';
import { startFhirIngress } from './start-fhir-ingress';

runMain(
  {
    app: 'fhir-ingress',
    purpose: 'takes the notifications of FHIR servers and queues a pull of what has changed',
    sections: fhirIngressSections,
  },
  startFhirIngress,
);
