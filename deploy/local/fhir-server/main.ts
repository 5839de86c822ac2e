import { Command, InvalidArgumentError } from 'commander';
import { startFhirServer } from './server';

interface Arguments {
  readonly host: string;
  readonly port: number;
  readonly bearerToken?: string;
}

async function main(): Promise<void> {
  const command = new Command('fhir-server')
    .description('A FHIR R4 server for local use: in memory, with rest-hook Subscriptions')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .requiredOption('--port <number>', 'port to listen on, 0 for a free one', parsePort)
    .option('--bearer-token <token>', 'require this token')
    .parse();
  const server = await startFhirServer({
    ...command.opts<Arguments>(),
    onDelivery({ subscriptionId, method, attempt, outcome }) {
      if (typeof outcome === 'number' && outcome < 300) return;
      console.error(`Subscription/${subscriptionId}: ${method}, attempt ${attempt}: ${outcome}`);
    },
  });
  process.once('SIGTERM', () => void server.close());
  process.once('SIGINT', () => void server.close());
  // For whoever started the process: it listens now, and here.
  console.log(JSON.stringify({ baseUrl: server.baseUrl }));
}

function parsePort(value: string): number {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError('Not a port.');
  return port;
}

void main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
