import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startFhirIngress } from '../../apps/fhir-ingress/src/start-fhir-ingress';
import type { FhirServer } from '../../deploy/local/src/fhir-server-process';
import { freePorts } from '../../deploy/local/src/free-port';
import { type HapiOptions, hapiServer } from '../../deploy/local/src/hapi-server-process';
import { InspectedQueue } from '../support/inspected-queue';
import { NotificationTap } from '../support/notification-tap';
import { fhirIngressConfig } from '../support/fhir-ingress-config';

export const notificationSecret = 'secret-of-the-ehr';

/** HAPI FHIR, and fhir-ingress with its queue, which its notifications reach through a tap. */
export interface HapiFixture {
  readonly server: FhirServer;
  readonly queue: InspectedQueue;
  readonly tap: NotificationTap;
  stop(): Promise<void>;
}

export async function startHapi(options: HapiOptions = {}): Promise<HapiFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-hapi-'));
  const [port = 0] = await freePorts(1);
  const place = { port, directory: join(folder, 'state'), logFile: join(folder, 'hapi.log') };
  const server = hapiServer(place, options);
  const [queue] = await Promise.all([InspectedQueue.start(), server.process.start()]);
  const app = await startIngress(queue);
  const tap = await NotificationTap.start(await app.getUrl());
  const stop = async (): Promise<void> => {
    await tap.stop();
    await server.process.stop();
    await app.close();
    await queue.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { server, queue, tap, stop };
}

function startIngress(queue: InspectedQueue): Promise<NestFastifyApplication> {
  return startFhirIngress(
    fhirIngressConfig(queue.server.url, { FHIR_NOTIFICATION_SECRETS: `ehr=${notificationSecret}` }),
  );
}
