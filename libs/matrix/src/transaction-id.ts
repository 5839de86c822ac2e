import { createHash } from 'node:crypto';
import { FhirRef, UserId } from '@bridge/contracts';

/** What one Matrix send is made of. The same parts give the same id, so that a repeated send is one event. */
export interface SendParts {
  /** The ghost is part of it: Synapse tells application services' sends apart by path alone, not by user. */
  readonly ghost: UserId;
  readonly source: FhirRef;
  readonly version: string;
  readonly part: number;
}

/** The Matrix transaction id of a send (`PUT …/send/{type}/{txnId}`): opaque, 43 URL-safe characters. */
export function transactionId({ ghost, source, version, part }: SendParts): string {
  return createHash('sha256')
    .update(JSON.stringify([ghost, source, version, part]))
    .digest('base64url');
}
