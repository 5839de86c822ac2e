import { MatrixEvent } from '@bridge/contracts';
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
  const replacement: Communication = { ...record, payload: [{ contentString: 'One pill.' }] };

  it('changes the text and nothing else', () => {
    expect(edited(record, replacement)).toEqual({ ...record, payload: [{ contentString: 'One pill.' }] });
  });

  it('ignores an edit by somebody else, known or unknown to the record', () => {
    expect(edited(record, { ...replacement, sender: { reference: 'Practitioner/other' } })).toBeUndefined();
    const stranger = { identifier: { system: 'https://matrix.org/user-id', value: '@x:evil.example' } };
    expect(
      edited(
        { ...record, sender: stranger },
        { ...replacement, sender: { identifier: { value: '@y:evil.example' } } },
      ),
    ).toBeUndefined();
  });

  it('does nothing twice, and nothing to a redacted message', () => {
    expect(edited(replacement, replacement)).toBeUndefined();
    expect(edited({ ...record, status: 'entered-in-error' }, replacement)).toBeUndefined();
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
