import { once } from 'node:events';
import { ORGANISATIONS, startFederation } from './federation';
import { abortOnInterrupt, Interrupted } from './interruption';

const PASSWORD = 'try-me-locally';

/** Starts the servers, makes an account on each homeserver, prints where everything is, and stops on Ctrl-C. */
async function up(): Promise<void> {
  const signal = abortOnInterrupt();
  // Keeps the process alive and tells of the end; made before the start so that no abort is missed.
  const ended = once(signal, 'abort');
  const federation = await startFederation({
    signal,
    onStep: (name, state, ms) => {
      if (state === 'done') console.log(`✓ ${name} ${(ms / 1000).toFixed(1)} s`);
    },
  });
  try {
    for (const organisation of ORGANISATIONS) {
      const { clientUrl, registerUser } = federation.homeservers[organisation];
      const { userId } = await registerUser('demo', PASSWORD, `Demo (${organisation})`);
      console.log(`${organisation.padEnd(9)} ${clientUrl}  ${userId}  password ${PASSWORD}`);
    }
    console.log(`NATS      ${federation.natsUrl}  monitoring ${federation.natsMonitorUrl ?? 'not known'}`);
    console.log(`Postgres  ${federation.databaseUrl}`);
    console.log(`Logs      ${federation.logDirectory}\nCtrl-C stops everything.`);
    await ended;
  } finally {
    await federation.stop();
  }
}

if (require.main === module) {
  up().catch((error: unknown) => {
    const interrupted = error instanceof Interrupted;
    if (!interrupted) console.error(error instanceof Error ? error.message : error);
    process.exitCode = interrupted ? error.exitCode : 1;
  });
}
