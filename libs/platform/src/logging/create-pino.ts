import pino, { type DestinationStream } from 'pino';
import type { Config } from '../config/settings';
import { currentTraceId } from '../trace/trace-context';
import { serializeError } from './serialize-error';

/** A second net under the rule that nobody logs headers, tokens or bodies: what slips through is taken out here. */
const NEVER_LOGGED = [
  ...['authorization', 'Authorization', 'access_token', 'token', 'asToken', 'hsToken', 'bearerToken'],
  ...['password', 'secret', 'secrets', 'headers', 'body', 'cause', 'req', 'res', 'request', 'response'],
].flatMap((name) => [name, `*.${name}`]);

/**
 * The one way to make the log: lines of JSON with `level` as text, `time` in ISO 8601, `app`, and `trace` within
 * a trace. Written synchronously, so that the last line before an exit is not lost.
 * @param destination where lines go; standard output unless given
 */
export function createPino(app: string, config: Config['log'], destination?: DestinationStream): pino.Logger {
  return pino(
    {
      level: config.level,
      base: { app },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: withSafeErrors },
      // Pino's own would take all fields and causes of what looks like an error; by now the field is safe.
      serializers: { err: (error: unknown) => error },
      mixin: traceOfLine,
      redact: { paths: NEVER_LOGGED, censor: '[redacted]' },
    },
    destination ?? standardOutput(config.format),
  );
}

/** Whatever the name of the field: an error is never written with the fields of its own, which may be a response. */
function withSafeErrors(fields: Record<string, unknown>): Record<string, unknown> {
  const safe = Object.entries(fields).map(([name, value]) => [
    name,
    value instanceof Error ? serializeError(value) : value,
  ]);
  return Object.fromEntries(safe) as Record<string, unknown>;
}

function traceOfLine(): object {
  const trace = currentTraceId();
  return trace ? { trace } : {};
}

function standardOutput(format: Config['log']['format']): DestinationStream {
  const pretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY);
  if (!pretty) return pino.destination({ fd: 1, sync: true });
  // Loaded only where a person looks on: a service without a terminal does not pay its memory.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { PinoPretty } = require('pino-pretty') as typeof import('pino-pretty');
  return PinoPretty({
    sync: true,
    destination: 1,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'app,context',
    messageFormat: '{if context}{context}: {end}{msg}',
  });
}
