import { EventId, FhirRef, RoomId, UserId, idOf, parseFhirRef, serverOf, typeOf } from './ids';

describe('parseFhirRef', () => {
  it.each([
    ['relative', 'Patient/p-1.2', 'Patient/p-1.2'],
    ['absolute', 'https://ehr.example/fhir/Patient/p1', 'Patient/p1'],
    ['absolute, with a port', 'http://ehr.example:8080/r4/Patient/p1', 'Patient/p1'],
    ['absolute, below a path that looks like a type', 'https://ehr.example/Fhir/Patient/p1', 'Patient/p1'],
    ['versioned', 'Patient/p1/_history/2', 'Patient/p1'],
    ['absolute and versioned', 'https://ehr.example/fhir/Patient/p1/_history/a-1.0', 'Patient/p1'],
    ['with the longest id', `Patient/${'a'.repeat(64)}`, `Patient/${'a'.repeat(64)}`],
  ])('reads a reference that is %s', (_form, reference, expected) => {
    expect(parseFhirRef(reference)).toBe(expected);
  });

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['a contained resource', '#p1'],
    ['a resource within the same Bundle', 'urn:uuid:0e8b5bc2-5b8c-4e8d-9d3a-1a1a1a1a1a1a'],
    ['an OID', 'urn:oid:1.2.3.4'],
    ['a type alone', 'Patient'],
    ['a type without id', 'Patient/'],
    ['an id alone', 'p1'],
    ['a type in small letters', 'patient/p1'],
    ['an id with a forbidden character', 'Patient/p_1'],
    ['an id that is too long', `Patient/${'a'.repeat(65)}`],
    ['a version that is missing', 'Patient/p1/_history/'],
    ['an operation', 'Patient/p1/$everything'],
    ['a search', 'Patient?identifier=x'],
    ['a conditional reference', 'Practitioner?identifier=http://x.example/Naming/1'],
    ['white space', ' Patient/p1 '],
    ['a line end', 'Patient/p1\n'],
    ['a path that climbs', 'Patient/../Practitioner/p1/'],
  ])('reads no reference from %s', (_words, reference) => {
    expect(parseFhirRef(reference)).toBeUndefined();
  });
});

it('a reference is taken apart into type and id', () => {
  const ref = FhirRef.parse('CommunicationRequest/c-1');
  expect([typeOf(ref), idOf(ref)]).toEqual(['CommunicationRequest', 'c-1']);
});

it.each(['Patient/p1/_history/1', 'https://x/Patient/p1', '/Patient/p1', 'Patient/p 1', 'Patient/p1?x'])(
  'a FhirRef is relative and bare: not %s',
  (value) => {
    expect(FhirRef.safeParse(value).success).toBe(false);
  },
);

describe('Matrix ids', () => {
  it.each([
    ['@ada:care.example', 'care.example'],
    ['@ada:care.example:8448', 'care.example:8448'],
    ['@ada:[2001:db8::1]:8448', '[2001:db8::1]:8448'],
    ['@:care.example', 'care.example'],
  ])('%s is a user of %s', (userId, server) => {
    expect(serverOf(UserId.parse(userId))).toBe(server);
  });

  it.each([
    'ada:care.example',
    '@ada',
    '@ada:',
    '@a da:care.example',
    '@ada:care example',
    '#ada:care.example',
    `@${'a'.repeat(254)}:x`,
  ])('no user id: %s', (value) => {
    expect(UserId.safeParse(value).success).toBe(false);
  });

  it('room ids may name a server or not', () => {
    for (const value of ['!opaque:care.example', '!opaque'])
      expect(RoomId.safeParse(value).success).toBe(true);
    for (const value of ['#alias:care.example', '!', '!a b', 'opaque', `!${'a'.repeat(255)}`])
      expect(RoomId.safeParse(value).success).toBe(false);
  });

  it('event ids may name a server or not', () => {
    for (const value of ['$opaque', '$opaque:care.example', '$a-_+/b'])
      expect(EventId.safeParse(value).success).toBe(true);
    for (const value of ['', '$', 'opaque', '$a b', `$${'a'.repeat(255)}`])
      expect(EventId.safeParse(value).success).toBe(false);
  });
});
