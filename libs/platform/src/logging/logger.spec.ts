import { PermanentError } from '@bridge/contracts';
import { Logger as NestLogger } from '@nestjs/common';
import { continueTrace } from '../trace/span';
import { createPino } from './create-pino';
import { Logger } from './logger';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

let written: string[];
let logger: Logger;
beforeEach(() => {
  written = [];
  const destination = { write: (line: string) => void written.push(line) };
  logger = new Logger(createPino('fhir-mapper', { level: 'info', format: 'json' }, destination));
});

function line(): Record<string, unknown> {
  expect(written).toHaveLength(1);
  return JSON.parse(written[0]!) as Record<string, unknown>;
}

describe('Logger', () => {
  it('writes level as text, time in ISO 8601, app, context and message', () => {
    logger.log('Connected', 'QueueConnection');
    expect(line()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      app: 'fhir-mapper',
      context: 'QueueConnection',
      msg: 'Connected',
    });
  });

  it('adds the trace id within a trace', async () => {
    const traceparent = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
    await continueTrace(
      { traceparent },
      () => ({ name: 'test', kind: 'consumer' }),
      async () => logger.log('Handled'),
    );
    expect(line().trace).toBe(TRACE_ID);
  });

  it("puts fields beside the message when used through Nest's logger", () => {
    NestLogger.overrideLogger(logger);
    new NestLogger('QueuePublisher').warn('The queue is full', { partition: 3 });
    expect(line()).toMatchObject({
      level: 'warn',
      context: 'QueuePublisher',
      msg: 'The queue is full',
      partition: 3,
    });
  });

  it("writes of a bridge error its class and advice, and nothing of its cause or the server's answer", () => {
    const cause = Object.assign(new Error('HTTP 422: Mrs Jansen has pain'), { body: 'Mrs Jansen has pain' });
    const error = new PermanentError('fhir-invalid', 'The FHIR server refused the resource', {
      advice: 'Check the profile',
      cause,
    });
    logger.error('Not written', error, 'FhirWriter');
    expect(line()).toMatchObject({
      msg: 'Not written',
      err: {
        type: 'PermanentError',
        message: 'The FHIR server refused the resource',
        failureClass: 'fhir-invalid',
        advice: 'Check the profile',
        stack: expect.stringMatching(/^at /) as string,
      },
    });
    expect(written[0]).not.toContain('Jansen');
  });

  it.each(['err', 'error', 'reason'])('writes no own fields of an error in the field %s', (field) => {
    const error = Object.assign(new Error('refused'), {
      response: { body: 'Mrs Jansen' },
      note: 'Mrs Jansen',
    });
    logger.warn({ [field]: error }, 'Matrix');
    expect(line()).toMatchObject({ [field]: { type: 'Error', message: 'refused' } });
    expect(written[0]).not.toContain('Jansen');
  });

  it('does not quote the text that could not be parsed', () => {
    let thrown: unknown;
    try {
      JSON.parse('Mrs Jansen has pain');
    } catch (error) {
      thrown = error;
    }
    logger.error(thrown);
    expect(line().msg).toBe('The input is not valid JSON');
    expect(written[0]).not.toContain('Jansen');
  });

  it('does not write the arguments that Prisma prints in its messages', () => {
    const error = new Error(
      'Invalid `create()` invocation:\n{ data: { name: "Mrs Jansen" } }\nUnique constraint failed',
    );
    error.name = 'PrismaClientKnownRequestError';
    logger.error(error);
    expect(line().msg).toBe('Unique constraint failed');
    expect(written[0]).not.toContain('Jansen');
  });

  it.each([
    { authorization: 'Bearer tok' },
    { headers: { authorization: 'Bearer tok' } },
    { call: { headers: { authorization: 'Bearer tok' } } },
    { homeserver: { asToken: 'Bearer tok' } },
    { event: { body: 'Bearer tok' } },
  ])('takes out what must not be there: %j', (fields) => {
    logger.log(fields, 'Careless');
    expect(written[0]).toContain('[redacted]');
    expect(written[0]).not.toContain('Bearer');
  });

  it("writes the framework's own start lines only for debugging", () => {
    logger.log('Mapped {/live, GET} route', 'RouterExplorer');
    logger.error(new Error('broken provider'), 'ExceptionHandler');
    expect(written).toEqual([]);
  });

  it("writes what the framework says about a failed request, with the stack's frames and not its message", () => {
    logger.error('Failed', 'Error: Mrs Jansen\n    at handle (file.ts:1:1)', 'ExceptionsHandler');
    expect(line()).toMatchObject({ level: 'error', msg: 'Failed', stack: 'at handle (file.ts:1:1)' });
  });
});
