import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { BRIDGE_APPS } from '../../deploy/local/src/bridge';
import type { ManagedProcess } from '../../deploy/local/src/child-process';
import { type ChaosStack, type Link, links, replicaNames } from './chaos-stack';
import type { PlannableFault } from './fault-plan';
import type { Fate } from './notification-channel';
import type { Weather } from './tcp-proxy';

/** Does a fault to its target, keeps it up until `hold` resolves, and mends it: resolves when all serves again. */
type Inflict = (stack: ChaosStack, target: string, hold: () => Promise<void>) => Promise<void>;

/** What kinds of fault break. */
export type FaultFamily =
  | 'process killed'
  | 'process frozen'
  | 'queue'
  | 'database'
  | 'homeserver'
  | 'FHIR server'
  | 'connections'
  | 'notifications';

/** A kind of fault: when it may be planned, and how it is done. */
export interface FaultKind extends PlannableFault {
  readonly family: FaultFamily;
  readonly inflict: Inflict;
}

/** Ten times `NATS_ACK_WAIT_MS` of the local bridge: another replica has the message long before its holder wakes up. */
const frozenMs = 30_000;
/** Between two breaks of a link that is cut again and again. */
const cutEveryMs = 500;

/** Every kind of fault, in the order of the table. */
export const faultKinds: readonly FaultKind[] = [
  ...BRIDGE_APPS.map((app) => ({
    name: `${app} killed`,
    family: 'process killed' as const,
    targets: replicaNames(app),
    lastsMs: [1_000, 4_000] as const,
    inflict: (({ replicas }, target, hold) => replicas.get(target)!.killFor(hold)) satisfies Inflict,
  })),
  ...BRIDGE_APPS.map((app) => ({
    name: `${app} frozen 30 s`,
    family: 'process frozen' as const,
    targets: replicaNames(app),
    lastsMs: [frozenMs, frozenMs] as const,
    inflict: (({ replicas }, target, hold) => replicas.get(target)!.freezeFor(hold)) satisfies Inflict,
  })),
  {
    name: 'NATS killed',
    family: 'queue',
    targets: ['NATS'],
    lastsMs: [1_000, 5_000],
    inflict: ({ nats }, _target, hold) => killFor(nats, hold),
  },
  {
    name: 'Postgres killed',
    family: 'database',
    targets: ['Postgres'],
    lastsMs: [1_000, 5_000],
    inflict: ({ postgres }, _target, hold) => killFor(postgres, hold),
  },
  {
    name: 'Postgres failed over',
    family: 'database',
    targets: ['Postgres'],
    lastsMs: [2_000, 6_000],
    inflict: failOver,
  },
  {
    name: "the bridge's Synapse killed",
    family: 'homeserver',
    targets: ['vvt'],
    lastsMs: [1_000, 4_000],
    inflict: killSynapse,
  },
  {
    name: "a partner's Synapse killed",
    family: 'homeserver',
    targets: ['huisarts', 'apotheek'],
    lastsMs: [1_000, 4_000],
    inflict: killSynapse,
  },
  {
    name: 'FHIR server down',
    family: 'FHIR server',
    targets: ['fhir'],
    lastsMs: [3_000, 10_000],
    inflict: underWeather({ kind: 'down' }),
  },
  {
    name: 'FHIR server slow',
    family: 'FHIR server',
    targets: ['fhir'],
    lastsMs: [8_000, 15_000],
    inflict: underWeather({ kind: 'slow', delayMs: 700 }),
  },
  {
    name: 'connections cut',
    family: 'connections',
    targets: links,
    lastsMs: [3_000, 6_000],
    inflict: async (stack, target, hold) => {
      const over = new AbortController();
      const held = hold().finally(() => over.abort());
      while (!over.signal.aborted) {
        stack.link(target as Link).cut();
        await wait(cutEveryMs, undefined, { signal: over.signal }).catch(() => undefined);
      }
      await held;
    },
  },
  {
    name: 'connections delayed',
    family: 'connections',
    targets: links.filter((link) => link !== 'fhir'),
    lastsMs: [5_000, 12_000],
    inflict: underWeather({ kind: 'slow', delayMs: 150 }),
  },
  {
    name: 'answers lost',
    family: 'connections',
    targets: links,
    lastsMs: [4_000, 8_000],
    inflict: underWeather({ kind: 'answers-lost', everyNth: 5 }),
  },
  {
    name: 'notifications lost',
    family: 'notifications',
    targets: ['notifications'],
    lastsMs: [8_000, 15_000],
    inflict: withNotifications('lost'),
  },
  {
    name: 'notifications doubled',
    family: 'notifications',
    targets: ['notifications'],
    lastsMs: [8_000, 15_000],
    inflict: withNotifications('doubled'),
  },
];

async function killFor(server: ManagedProcess, hold: () => Promise<void>): Promise<void> {
  // With its children: those of Postgres would keep its shared memory, and with it a new one from starting.
  server.killGroup();
  await server.exited;
  await hold();
  await server.start();
}

/**
 * As after a failover: the sessions are ended in order (57P01), nobody answers, and then somebody does who takes no
 * writes yet (25006).
 */
async function failOver(
  { postgres, federation: { databaseUrl } }: ChaosStack,
  _target: string,
  hold: () => Promise<void>,
): Promise<void> {
  await onceInDatabase(databaseUrl, 'ALTER SYSTEM SET default_transaction_read_only = on');
  await postgres.stop();
  await postgres.start();
  await hold();
  await onceInDatabase(databaseUrl, 'ALTER SYSTEM RESET default_transaction_read_only');
  await onceInDatabase(databaseUrl, 'SELECT pg_reload_conf()');
}

async function onceInDatabase(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function killSynapse({ federation }: ChaosStack, target: string, hold: () => Promise<void>): Promise<void> {
  return killFor(federation.homeservers[target as 'vvt'].process, hold);
}

function underWeather(weather: Weather): Inflict {
  return async (stack, target, hold) => {
    const link = stack.link(target as Link);
    link.become(weather);
    try {
      await hold();
    } finally {
      link.clear();
    }
  };
}

function withNotifications(fate: Fate): Inflict {
  return async ({ notifications }, _target, hold) => {
    notifications.fate = fate;
    try {
      await hold();
    } finally {
      notifications.fate = 'delivered';
    }
  };
}
