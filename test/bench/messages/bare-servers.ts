import { randomUUID } from 'node:crypto';
import type { Communication } from '@medplum/fhirtypes';
import { Pool } from 'undici';
import { eventIdSystem, eventIdentifier } from '../../../deploy/local/src/event-identifier';
import { communication } from '../../../deploy/local/src/example-data';
import type { BenchServers } from '../bench-servers';
import type { Conversation } from '../care';

/** What the bridge asks of the servers in the end, asked without it: as fast as a client can that knows all beforehand. */
export class BareServers {
  private readonly homeserver: Pool;
  private readonly record: Pool;
  private readonly recordPath: string;

  constructor(
    private readonly servers: BenchServers,
    connections: number,
  ) {
    const { homeserverUrl, fhirBaseUrl } = servers.stack.environment;
    const record = new URL(fhirBaseUrl);
    this.homeserver = new Pool(homeserverUrl, { connections });
    this.record = new Pool(record.origin, { connections });
    this.recordPath = record.pathname;
  }

  /** A message by the carer's ghost, as the bridge sends it. */
  async say({ roomId, ghost }: Conversation, body: string): Promise<void> {
    const query = new URLSearchParams({ user_id: ghost });
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${randomUUID()}`;
    const { asToken } = this.servers.stack.environment;
    await expectSuccess(
      await this.homeserver.request({
        method: 'PUT',
        path: `${path}?${query.toString()}`,
        headers: { authorization: `Bearer ${asToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ msgtype: 'm.text', body, 'm.mentions': {} }),
      }),
    );
  }

  /** A Communication by conditional create, as the bridge records a message. It is taken for recorded already. */
  async recordMessage(
    conversation: Conversation,
    sender: string,
    eventId: string,
    body: string,
  ): Promise<void> {
    const identifier = [{ system: eventIdSystem, value: eventId }];
    const written = { ...writtenIn(conversation, sender, body), identifier };
    await expectSuccess(
      await this.record.request({
        method: 'POST',
        path: `${this.recordPath}/Communication`,
        headers: {
          'content-type': 'application/fhir+json',
          'if-none-exist': `identifier=${encodeURIComponent(eventIdentifier(eventId))}`,
          prefer: 'return=minimal',
        },
        body: JSON.stringify(written),
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.homeserver.close(), this.record.close()]);
  }
}

/** A message written in FHIR by a member of a conversation. */
export function writtenIn(
  { requestId, patientId, teamId }: Conversation,
  sender: string,
  body: string,
): Communication {
  return communication(requestId, patientId, teamId, sender, body);
}

async function expectSuccess({
  statusCode,
  body,
}: {
  statusCode: number;
  body: { text(): Promise<string> };
}): Promise<void> {
  const text = await body.text();
  if (statusCode >= 300) throw new Error(`answered with ${statusCode}: ${text.slice(0, 200)}`);
}
