import { BridgeError } from '@bridge/contracts';

/** What of an error is logged. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly failureClass?: string;
  readonly advice?: string;
  readonly stack: string;
}

const MAX_MESSAGE_LENGTH = 500;

/**
 * Makes an error fit to be logged. Never its `cause`, its own fields or its response: those may hold message text
 * or patient data. The stack keeps only its frames, because its head repeats the message.
 */
export function serializeError(error: Error): LoggedError {
  return {
    type: error.name,
    message: safeMessage(error).slice(0, MAX_MESSAGE_LENGTH),
    ...(error instanceof BridgeError && { failureClass: error.failureClass, advice: error.advice }),
    stack: stackFrames(error.stack ?? ''),
  };
}

/** The frames of a stack, without the message at its head. */
export function stackFrames(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .join('\n');
}

/** Two kinds of foreign error quote their input in their message. */
function safeMessage(error: Error): string {
  // V8 quotes the text that it could not parse.
  if (error.message.endsWith('is not valid JSON')) return 'The input is not valid JSON';
  // Prisma prints the whole call with its arguments, and what went wrong on the last line.
  if (error.name.startsWith('PrismaClient')) return error.message.trimEnd().split('\n').at(-1) ?? '';
  return error.message;
}
