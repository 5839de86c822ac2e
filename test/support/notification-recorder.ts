import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseFhirRef } from '@bridge/contracts';
import { partitionOf } from '@bridge/queue';
import type { Bundle, Parameters, ParametersParameter } from '@medplum/fhirtypes';
import { connect, type NatsConnection } from 'nats';

export interface Told {
  readonly subscription: string;
  readonly kind: string;
  readonly numbers: readonly number[];
}

/**
 * Takes what the FHIR server notifies of topics, and queues it as fhir-ingress does, but for what `loses` names. Its own
 * endpoint, so that a test decides about each notification by what it says.
 */
export class NotificationRecorder {
  loses: (told: Told) => boolean = () => false;
  /** What is answered with an error, so that the FHIR server tries again. */
  refuses: (told: Told) => boolean = () => false;
  readonly told: Told[] = [];

  private constructor(
    private readonly server: Server,
    private readonly connection: NatsConnection,
  ) {}

  static async start(natsUrl: string): Promise<NotificationRecorder> {
    const server = createServer();
    const recorder = new NotificationRecorder(server, await connect({ servers: natsUrl }));
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const bundle = JSON.parse(Buffer.concat(chunks).toString()) as Bundle;
        void recorder.take(bundle).then((status) => response.writeHead(status).end());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return recorder;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/notify/ehr`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.connection.close();
  }

  /** @returns what the FHIR server is answered */
  private async take(bundle: Bundle): Promise<number> {
    const message = notifiedBy(bundle.entry?.[0]?.resource as Parameters);
    const { subscription, kind, events } = message;
    const told = { subscription, kind, numbers: events.map(({ number }) => number) };
    if (this.refuses(told)) return 500;
    this.told.push(told);
    if (this.loses(told)) return 204;
    const subject = `mapping.${partitionOf('ehr', 32)}.fhir.notified`;
    await this.connection.jetstream().publish(subject, JSON.stringify(message));
    return 204;
  }
}

function notifiedBy({ parameter = [] }: Parameters) {
  const find = (parameters: readonly ParametersParameter[], name: string) =>
    parameters.find((each) => each.name === name);
  const events = parameter.filter(({ name }) => name === 'notification-event');
  const reference = find(parameter, 'subscription')?.valueReference?.reference ?? '';
  return {
    source: 'ehr',
    subscription: reference.slice(reference.lastIndexOf('/') + 1),
    kind: find(parameter, 'type')?.valueCode ?? '',
    status: find(parameter, 'status')?.valueCode,
    eventsSinceStart: Number(find(parameter, 'events-since-subscription-start')?.valueString),
    events: events.map(({ part = [] }) => ({
      number: Number(find(part, 'event-number')?.valueString),
      focus: parseFhirRef(find(part, 'focus')?.valueReference?.reference),
    })),
  };
}
