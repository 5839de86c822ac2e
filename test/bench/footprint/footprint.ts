import { randomUUID } from 'node:crypto';
import { BRIDGE_APPS, type BridgeApp } from '../../../deploy/local/src/bridge';
import { projectRoot } from '../../../deploy/local/src/project-root';
import type { Bench, Benchmark } from '../benchmark';
import type { BenchServers } from '../bench-servers';
import { residentMegabytes } from '../cost/processes';
import { inTurn } from '../measure/in-turn';
import { inLanes } from '../measure/lanes';
import { millisecondsOf } from '../measure/rounds';
import { median } from '../measure/statistics';
import { writtenIn } from '../messages/bare-servers';
import type { Figure } from '../report/result';
import { imageBytes } from './image-size';

const burst = 80;
const idleMegabytes = 120;
const readySeconds = 2;

export const footprint: Benchmark = {
  name: 'footprint',
  about: 'memory and start of each process, and what an image would hold',
  async run({ rounds, servers: start }: Bench): Promise<Figure[]> {
    const servers = await start();
    await load(servers);
    const loaded = await eachApp((app) => residentOf(servers, app).most);
    const starts = await eachApp((app) => startSeconds(servers, app, rounds));
    await servers.quiet();
    const idle = await eachApp((app) => residentOf(servers, app).now);
    return [
      ...BRIDGE_APPS.map((app) => ({
        name: `${app}: resident memory, idle`,
        unit: 'MB',
        ours: idle[app],
        limit: idleMegabytes,
        goal: { kind: 'at most the limit' } as const,
      })),
      ...BRIDGE_APPS.map((app) => ({
        name: `${app}: most resident memory under load, beside idle`,
        unit: 'MB',
        ours: loaded[app],
        limit: idle[app],
      })),
      ...BRIDGE_APPS.map((app) => ({
        name: `${app}: from its start to ready`,
        unit: 's',
        ours: starts[app],
        limit: readySeconds,
        goal: { kind: 'at most the limit' } as const,
      })),
      {
        name: 'image: files beside Node and its base',
        unit: 'MB',
        ours: imageBytes(projectRoot()) / 1024 ** 2,
        limit: null,
      },
    ];
  },
};

/** A burst both ways. */
async function load(servers: BenchServers): Promise<void> {
  const { conversations, nurse } = await servers.care();
  const lanes = conversations.length;
  const bodies = Array.from({ length: burst }, () => randomUUID());
  await inLanes(lanes, bodies, async (body, lane) => {
    const conversation = conversations[lane]!;
    await servers.fhir.create(writtenIn(conversation, conversation.carer, body));
    await nurse.say(conversation.roomId, body);
  });
  await servers.quiet();
}

/** From the start of the process until /ready says 200, which is asked every 50 ms. */
async function startSeconds(servers: BenchServers, app: BridgeApp, rounds: number): Promise<number> {
  const process = servers.stack.bridge[app];
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await process.stop();
    seconds.push((await millisecondsOf(() => process.start())) / 1000);
  }
  return median(seconds);
}

function residentOf(servers: BenchServers, app: BridgeApp): { now: number; most: number } {
  return residentMegabytes(servers.stack.bridge[app].pid!);
}

/** One app after the other. */
async function eachApp(
  measure: (app: BridgeApp) => number | Promise<number>,
): Promise<Record<BridgeApp, number>> {
  const entries = await inTurn(BRIDGE_APPS, async (app) => [app, await measure(app)] as const);
  return Object.fromEntries(entries) as Record<BridgeApp, number>;
}
