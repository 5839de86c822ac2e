/** Headers of the bridge's messages in JetStream. None holds message text or patient data. */
export const messageHeaders = {
  /** The ordering key: a FHIR reference or a room id. */
  key: 'Bridge-Key',
  /** W3C Trace Context, so that one trace goes through every process. */
  traceparent: 'traceparent',
  /** When an ingress took what it began with, in milliseconds since 1970: kept from message to message. */
  takenAt: 'Bridge-Taken-At',
  /** On dead letters, and the last two on what was replayed. */
  reason: 'Bridge-Reason',
  failureClass: 'Bridge-Failure-Class',
  attempts: 'Bridge-Attempts',
  originalSubject: 'Bridge-Original-Subject',
  /** Names the parking that it waits in, or, on what was replayed, waited in. */
  parking: 'Bridge-Parking',
  /** Its place among all of its conversation, which a replay does not change. */
  place: 'Bridge-Place',
} as const;

/** The time in a header; undefined for a missing or malformed one. */
export function readTakenAt(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
