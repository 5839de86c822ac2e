import { OPERATIONS, type Operation } from './operations';

/** Whom reports are of. */
export interface ReportOrigin {
  readonly instanceId: string;
  readonly serverName: string;
  readonly professionOid: string;
  readonly telematikId: string;
}

/** A call that has ended. */
export interface CountedCall {
  readonly operation: Operation;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly status: number;
  /** Bytes of the request's body, as far as it said so. */
  readonly bytesIn: number;
  /** Bytes of the answer, its head included. */
  readonly bytesOut: number;
}

/** What gematik's form has no value for here: what a client says of itself could say who uses it. */
const NOT_TOLD = 'n/a';

/** A report (gematik's raw data of performance): what was called, when, for how long, and what came of it. Nothing of whom. */
export function reportOf(call: CountedCall, origin: ReportOrigin): object {
  return {
    start: new Date(call.startedAt).toISOString(),
    durationInMs: Math.round(call.durationMs),
    operation: OPERATIONS[call.operation],
    status: call.status,
    message: {
      'Inst-ID': origin.instanceId,
      'M-Dom': origin.serverName,
      'UA-A': NOT_TOLD,
      'UA-cid': NOT_TOLD,
      'UA-OS-VERSION': NOT_TOLD,
      'UA-OS': NOT_TOLD,
      'UA-P': NOT_TOLD,
      'UA-PTV': NOT_TOLD,
      'UA-PV': NOT_TOLD,
      profOID: origin.professionOid,
      Res: call.status,
      sizeIn: call.bytesIn,
      sizeOut: call.bytesOut,
      tID: origin.telematikId,
    },
  };
}
