import { FhirRef, MatrixEvent } from '@bridge/contracts';
import type { Communication } from '@medplum/fhirtypes';
import { edited, readEdit, redacted, redactionTarget, wasRedacted } from './change-to-communication';

const event = (content: object, more: object = {}): MatrixEvent =>
  MatrixEvent.parse({
    event_id: '$later',
    room_id: '!room',
    sender: '@gp:care.example',
    type: 'm.room.message',
    origin_server_ts: 1,
    content,
    ...more,
  });

const record: Communication = {
  resourceType: 'Communication',
  status: 'completed',
  sender: { reference: 'Practitioner/gp' },
  payload: [{ contentString: 'Two pills.' }],
};

describe('readEdit', () => {
  const relation = { rel_type: 'm.replace', event_id: '$first' };

  it('finds the message and its new content', () => {
    const edit = readEdit(
      event({
        body: '* One pill.',
        'm.relates_to': relation,
        'm.new_content': { msgtype: 'm.text', body: 'One pill.' },
      }),
    );
    expect(edit?.target).toBe('$first');
    expect(edit?.replacement.content).toEqual({ msgtype: 'm.text', body: 'One pill.' });
  });

  it.each([
    ['a reply', { 'm.relates_to': { 'm.in_reply_to': { event_id: '$first' } } }],
    ['an edit without new content', { 'm.relates_to': relation }],
    ['an edit of nothing', { 'm.relates_to': { rel_type: 'm.replace' }, 'm.new_content': {} }],
  ])('does not take %s for an edit', (_what, content) => {
    expect(readEdit(event(content))).toBeUndefined();
  });
});

describe('edited', () => {
  const gp = FhirRef.parse('Practitioner/gp');
  const change = { content: { payload: [{ contentString: 'One pill.' }] }, mentioned: [] };
  const by = (resource: FhirRef | undefined, sender = '@gp:care.example') => ({
    event: event({}, { sender }),
    resource,
  });
  const missing = { note: 'Content that could not be recorded: x', notice: 'unsupported-content' as const };

  it('changes the text and nothing else', () => {
    const placed = { ...record, inResponseTo: [{ reference: 'Communication/m0' }] };
    expect(edited(placed, change, by(gp))).toEqual({ ...placed, ...change.content });
  });

  it('changes the formatted text, though the plain one is the same', () => {
    const extension = [{ url: 'x', valueString: '<b>Two</b> pills.' }];
    const payload = [{ contentString: 'Two pills.', _contentString: { extension } }];
    expect(edited(record, { ...change, content: { payload } }, by(gp))).toMatchObject({ payload });
  });

  it('notes what of the new text is missing, and what no longer is', () => {
    const noted = edited(record, { ...change, content: { ...change.content, missing } }, by(gp));
    expect(noted).toMatchObject({ note: [{ text: missing.note }] });
    expect(edited(noted as Communication, change, by(gp))).toMatchObject({ note: undefined });
  });

  it('adds those whom the new text mentions to the recipients', () => {
    const addressed = { ...record, recipient: [{ reference: 'CareTeam/t' }, { reference: 'Patient/p' }] };
    const mentioned = [FhirRef.parse('Patient/p'), FhirRef.parse('Practitioner/other')];
    expect(edited(addressed, { ...change, mentioned }, by(gp))).toMatchObject({
      recipient: [...addressed.recipient, { reference: 'Practitioner/other' }],
    });
  });

  it('ignores an edit by somebody else, known or unknown to the record', () => {
    expect(edited(record, change, by(FhirRef.parse('Practitioner/other')))).toBe('not-the-sender');
    expect(edited(record, change, by(undefined))).toBe('not-the-sender');
    const stranger = { identifier: { system: 'https://matrix.org/user-id', value: '@x:evil.example' } };
    expect(edited({ ...record, sender: stranger }, change, by(undefined, '@y:evil.example'))).toBe(
      'not-the-sender',
    );
  });

  it('takes the edit of somebody whom the record has come to know since', () => {
    const sender = { identifier: { system: 'https://matrix.org/user-id', value: '@gp:care.example' } };
    expect(edited({ ...record, sender }, change, by(gp))).toMatchObject({ sender, ...change.content });
  });

  it('does nothing twice, and nothing to a redacted message', () => {
    const after = edited(record, change, by(gp)) as Communication;
    expect(edited(after, change, by(gp))).toBe('same-content');
    expect(edited({ ...record, status: 'entered-in-error' }, change, by(gp))).toBe('redacted-before');
  });
});

describe('a redaction', () => {
  it('names its target in the content or, before room version 11, beside it', () => {
    expect(redactionTarget(event({ redacts: '$first' }))).toBe('$first');
    expect(redactionTarget(event({}, { redacts: '$first' }))).toBe('$first');
    expect(redactionTarget(event({}))).toBeUndefined();
  });

  it('shows on a message that was taken back before it was delivered', () => {
    expect(wasRedacted(event({}, { unsigned: { redacted_because: {} } }))).toBe(true);
    expect(wasRedacted(event({}, { unsigned: { age: 1 } }))).toBe(false);
  });

  it('clears the content, says why, and happens once', () => {
    const after = redacted(record, event({ reason: 'wrong room' }))!;
    expect(after).toMatchObject({ status: 'entered-in-error', statusReason: { text: 'wrong room' } });
    expect(after.payload).toBeUndefined();
    expect(redacted(after, event({}))).toBeUndefined();
    expect(redacted(record, event({}))?.statusReason?.text).toBe('Redacted in Matrix');
  });

  it.each(['', '  ', '\u0000', 7, null])('is recorded though FHIR cannot hold its reason: %j', (reason) => {
    expect(redacted(record, event({ reason }))?.statusReason?.text).toBe('Redacted in Matrix');
  });
});
