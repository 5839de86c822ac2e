/** What becomes of somebody's coming or going in Matrix. */
export type MemberAction =
  /** As it should be, or nobody's business. */
  | 'none'
  /** They will not come: not asked again until the care team changes. */
  | 'declined'
  /** They belong: invited again, and those who removed them are told why. */
  | 'put-back'
  /** They do not belong: removed, and those who brought them are told why. */
  | 'put-out'
  /** Into the record: their time in the care team has ended, or begun. */
  | 'record-leaving'
  | 'record-joining'
  /** Told that the record does not know them, so that they cannot be written into it. */
  | 'tell-unknown';

export interface MemberChange {
  /** What they are now, and were before, as far as that is known. */
  readonly membership: string;
  readonly before: string | undefined;
  readonly isOwnDoing: boolean;
  /** By the record. */
  readonly belongs: boolean;
  /** To the record at all, be it in another care team. */
  readonly isKnown: boolean;
  /** A care team has one Space. Who is in a single conversation's Room changes no care team. */
  readonly isSpace: boolean;
  readonly master: 'fhir' | 'matrix';
}

/** Judges a change of membership that the bridge did not make. Whom members bring along from outside the record stays. */
export function judgeMemberChange(change: MemberChange): MemberAction {
  const { membership, belongs, isKnown } = change;
  const mayRecord = change.master === 'matrix' && change.isSpace;
  const isGone = membership === 'leave' || membership === 'ban';
  if (belongs) {
    if (!isGone) return 'none';
    if (membership === 'leave' && change.before === 'invite' && change.isOwnDoing) return 'declined';
    return mayRecord ? 'record-leaving' : 'put-back';
  }
  if (membership !== 'join' && membership !== 'invite') return 'none';
  if (!isKnown) return mayRecord && membership === 'join' ? 'tell-unknown' : 'none';
  if (!mayRecord) return 'put-out';
  // An invite may be declined: it is the joining that counts.
  return membership === 'join' ? 'record-joining' : 'none';
}
