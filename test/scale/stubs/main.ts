import { serveStub } from './stub';
import { StubFhirServer } from './stub-fhir-server';
import { StubHomeserver } from './stub-homeserver';

/** Both stubs in a process of their own, so that what they take is not counted as the bridge's: ports and answer time. */
const [homeserverPort = 0, fhirPort = 0, answerMs = 0] = process.argv.slice(2).map(Number);
const homeserver = new StubHomeserver();
const fhir = new StubFhirServer();

void Promise.all([
  serveStub(homeserverPort, answerMs, (request, numbers) => homeserver.answer(request, numbers)),
  serveStub(fhirPort, answerMs, (request, numbers) => fhir.answer(request, numbers)),
]);
