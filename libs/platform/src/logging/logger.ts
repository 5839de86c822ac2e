import type { LoggerService } from '@nestjs/common';
import type { Logger as PinoLogger } from 'pino';
import { serializeError, stackFrames, type LoggedError } from './serialize-error';

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/**
 * What Nest tells about its own start: of interest only when looking for a fault. An error among it is thrown as well,
 * and whoever ends the process for it writes the one line.
 */
const FRAMEWORK_CONTEXTS = new Set([
  'ExceptionHandler',
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'NestMicroservice',
  'RouterExplorer',
  'RoutesResolver',
]);

interface Line {
  readonly context?: string;
  readonly err?: LoggedError;
  readonly fields: object;
  readonly text?: string;
}

/**
 * The log of a process behind Nest's interface. The arguments are a text, fields (an object), an error, and last
 * the context, which `new Logger(Something.name)` of Nest adds by itself:
 * `logger.warn('The queue is full', { partition: 3 })`, `logger.error('Reading failed', error)`.
 * Never message text, patient data, headers or URLs with ids.
 */
export class Logger implements LoggerService {
  constructor(private readonly pino: PinoLogger) {}

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(isFrameworkStart(rest) ? 'debug' : 'info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write(isFrameworkStart(rest) ? 'debug' : 'error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(level: Level, message: unknown, rest: unknown[]): void {
    const { context, err, fields, text } = lineOf(message, rest);
    this.pino[level]({ ...fields, ...(context && { context }), ...(err && { err }) }, text ?? err?.message);
  }
}

function lineOf(message: unknown, rest: unknown[]): Line {
  const last = rest.at(-1);
  const context = typeof last === 'string' && !isStack(last) ? last : undefined;
  const parts = [message, ...(context === undefined ? rest : rest.slice(0, -1))];
  const error = parts.find((part) => part instanceof Error);
  // Nest's own handlers pass a stack as text behind the message.
  const stack = parts.find(isStack);
  const texts = parts.filter((part) => typeof part !== 'object' && part !== undefined && !isStack(part));
  return {
    context,
    err: error && serializeError(error),
    fields: Object.assign(stack ? { stack: stackFrames(stack) } : {}, ...parts.filter(isFields)) as object,
    text: texts.length > 0 ? texts.map(String).join(' ') : undefined,
  };
}

function isFrameworkStart(rest: unknown[]): boolean {
  return FRAMEWORK_CONTEXTS.has(String(rest.at(-1)));
}

function isStack(part: unknown): part is string {
  return typeof part === 'string' && /\n\s*at /.test(part);
}

function isFields(part: unknown): part is object {
  return typeof part === 'object' && part !== null && !(part instanceof Error);
}
