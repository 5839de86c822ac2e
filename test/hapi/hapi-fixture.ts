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

/** HAPI looks for changes every 5 s, and repeats for a minute. */
export const deliveredWithinMs = 60_000;

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
  const queue = await InspectedQueue.start();
  const started: (() => Promise<unknown>)[] = [() => queue.stop()];
  const stop = async (): Promise<void> => {
    for (const each of started.reverse()) await each();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await server.process.start();
    started.push(() => server.process.stop());
    const app = await startIngress(queue);
    started.push(() => app.close());
    const tap = await NotificationTap.start(await app.getUrl());
    started.push(() => tap.stop());
    return { server, queue, tap, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startIngress(queue: InspectedQueue): Promise<NestFastifyApplication> {
  return startFhirIngress(
    fhirIngressConfig(queue.server.url, { FHIR_NOTIFICATION_SECRETS: `ehr=${notificationSecret}` }),
  );
}
