import { FhirRef, UserId } from '@bridge/contracts';
import { transactionId } from './transaction-id';

const parts = {
  ghost: UserId.parse('@_fhir_bridge_1:care.example'),
  source: FhirRef.parse('Communication/1'),
  version: '1',
  part: 0,
};

describe('transactionId', () => {
  it('is the same for the same send, so that a retry makes no second event', () => {
    expect(transactionId({ ...parts })).toBe(transactionId({ ...parts }));
  });

  it('differs in every part of a send, the ghost included', () => {
    const ids = new Set([
      transactionId(parts),
      transactionId({ ...parts, ghost: UserId.parse('@_fhir_bridge_2:care.example') }),
      transactionId({ ...parts, source: FhirRef.parse('Communication/2') }),
      transactionId({ ...parts, version: '2' }),
      transactionId({ ...parts, part: 1 }),
    ]);
    expect(ids.size).toBe(5);
  });

  it('can stand in a path as it is', () => {
    expect(transactionId(parts)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});
