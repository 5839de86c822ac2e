import { TransientError } from '@bridge/contracts';
import { DriverAdapterError } from '@prisma/driver-adapter-utils';
import { databaseFailure } from './database-failure';

/* What Prisma throws by itself is shown with a real database: test/database-away.e2e-spec.ts. */

/** As `@prisma/adapter-pg` throws it when a transaction ends: nothing wraps it there. */
function atTheEnd(failure: object): DriverAdapterError {
  return new DriverAdapterError(failure as ConstructorParameters<typeof DriverAdapterError>[0]);
}

it.each(['57P01', '57P02', '08006', '40001'])(
  'the end of a transaction that meets %s waits for the database',
  (code) => {
    const failure = databaseFailure(atTheEnd({ kind: 'postgres', code, originalCode: code }));
    expect(failure).toBeInstanceOf(TransientError);
    expect(failure).toMatchObject({ failureClass: 'database-away' });
  },
);

it('the end of a transaction that breaks a rule of the database is what it is', () => {
  const broken = atTheEnd({ kind: 'UniqueConstraintViolation', originalCode: '23505' });
  expect(databaseFailure(broken)).toBe(broken);
});
