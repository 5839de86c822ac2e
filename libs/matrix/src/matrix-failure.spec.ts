import { TransientError } from '@bridge/contracts';
import { MatrixError } from 'matrix-bot-sdk';
import { MatrixRefusal, matrixFailure } from './matrix-failure';

const canary = 'Cornelia Kanarie is not in the room';

function failure(status: number, errcode = 'M_FORBIDDEN', more: object = {}) {
  return matrixFailure(new MatrixError({ errcode, error: canary, ...more }, status), 'invite a member');
}

describe('a homeserver that cannot be reached', () => {
  it.each([
    [Object.assign(new Error(canary), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new TypeError(canary), 'TypeError'],
    [{}, 'unknown reason'],
    [canary, 'unknown reason'],
  ])('is away: %p → %s', (cause, reason) => {
    const error = matrixFailure(cause, 'invite a member');
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ failureClass: 'homeserver-away' });
    expect(error.message).toBe(`The homeserver could not be reached to invite a member: ${reason}`);
  });
});

it('a token that is not accepted holds the message until it is', () => {
  expect(failure(401, 'M_UNKNOWN_TOKEN')).toMatchObject({
    recovery: 'needs-person',
    failureClass: 'homeserver-token',
  });
});

it('a rate limit is kept: for as long as the homeserver says', () => {
  expect(failure(429, 'M_LIMIT_EXCEEDED', { retry_after_ms: 1234 })).toMatchObject({
    recovery: 'transient',
    failureClass: 'homeserver-busy',
    retryAfterMs: 1234,
  });
  expect(failure(429, 'M_LIMIT_EXCEEDED').retryAfterMs).toBeUndefined();
});

it.each([500, 502, 503, 504, 520])('%d passes by itself', (status) => {
  expect(failure(status, 'M_UNKNOWN')).toMatchObject({
    recovery: 'transient',
    failureClass: 'homeserver-busy',
  });
});

it.each([
  [400, 'M_BAD_JSON'],
  [403, 'M_FORBIDDEN'],
  [404, 'M_NOT_FOUND'],
  [409, 'M_CONFLICT'],
  [413, 'M_TOO_LARGE'],
])('%d is a refusal, which repeating does not help', (status, errcode) => {
  const error = failure(status, errcode);
  expect(error).toBeInstanceOf(MatrixRefusal);
  expect(error).toMatchObject({ recovery: 'permanent', errcode, status });
  expect(error.message).toBe(`The homeserver refused to invite a member: ${errcode} (${status})`);
});

it('an answer without errcode, such as that of a proxy in between, is told by its status', () => {
  const page = { statusCode: 403, body: `<html>${canary}</html>` };
  expect(matrixFailure(page, 'invite a member').message).toMatch(/M_UNKNOWN \(403\)$/);
  expect(matrixFailure({ ...page, statusCode: 502 }, 'invite a member').recovery).toBe('transient');
});

it.each([401, 403, 429, 500])("of the homeserver's words in a %d nothing is kept", (status) => {
  const { message, advice, cause } = failure(status);
  expect([message, advice, String(cause)].join()).not.toContain('Kanarie');
});
