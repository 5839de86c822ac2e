import { AuditLogStore } from '@bridge/persistence';
import type { AuditEvent } from '@medplum/fhirtypes';
import type { FhirApi } from '../../deploy/local/src/fhir-api';
import { until } from '../../deploy/local/src/until';
import { queryDatabase } from './database';
import { openStores } from './stores';

/** What is looked for among the AuditEvents, in the words of the test. */
export interface Sought {
  readonly deed: 'create' | 'update' | 'disclose' | '110100';
  /** Reference or Matrix id of who wanted it, or was given it. */
  readonly agent?: string;
  /** Reference or Matrix id of what it is about. */
  readonly entity?: string;
}

/** What the bridge has told, as the organisation finds it on its audit server. */
export async function auditOf(server: FhirApi, sought: Sought): Promise<AuditEvent[]> {
  const all = await server.search<AuditEvent>('AuditEvent', { _tag: 'urn:fhir-matrix-bridge:tag|audit' });
  return all.filter((event) => {
    const code = event.subtype?.[0]?.code ?? event.type.code;
    const agents = (event.agent ?? []).map(({ who }) => who?.reference ?? who?.identifier?.value);
    const entities = (event.entity ?? []).map(({ what }) => what?.reference ?? what?.identifier?.value);
    return (
      code === sought.deed &&
      (sought.agent === undefined || agents.includes(sought.agent)) &&
      (sought.entity === undefined || entities.includes(sought.entity))
    );
  });
}

/** The one AuditEvent that tells of something, once it has arrived. */
export async function auditedOnce(server: FhirApi, sought: Sought): Promise<AuditEvent> {
  const found = await until(`the AuditEvent of ${JSON.stringify(sought)}`, async () => {
    const events = await auditOf(server, sought);
    return events.length > 0 && events;
  });
  if (found.length !== 1) throw new Error(`${JSON.stringify(sought)}: ${found.length} AuditEvents`);
  return found[0]!;
}

/** Resolves when everything that was told is on the audit server, and nothing is under way. */
export async function allSent(databaseUrl: string): Promise<void> {
  await until('the outbox of the audit to be empty', async () => {
    return (await queryDatabase(databaseUrl, 'SELECT id FROM audit_outbox')).length === 0;
  });
}

/** The chained copy: how many rows, their ids, and whether the chain holds. */
export async function chainIn(databaseUrl: string) {
  const stores = await openStores(databaseUrl);
  try {
    const report = await stores.get(AuditLogStore).verify();
    const rows = await queryDatabase<{ id: string }>(databaseUrl, 'SELECT id FROM audit_log');
    return { report, ids: rows.map(({ id }) => id) };
  } finally {
    await stores.close();
  }
}

/** The id under which an AuditEvent is in the chain. */
export function auditIdIn({ agent = [] }: AuditEvent): string | undefined {
  return agent.find(({ altId }) => altId)?.altId;
}
