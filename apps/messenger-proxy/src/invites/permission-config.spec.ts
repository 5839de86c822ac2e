import { defaultPermissions, mayInviteBy, parsePermissions } from './permission-config';

const exceptions = {
  userExceptions: { '@u:a.example': {} },
  serverExceptions: { 'b.example': {} },
  groupExceptions: [{ groupName: 'isInsuredPerson' }],
};

describe.each([
  ['allow all', true],
  ['block all', false],
] as const)('%s', (defaultSetting, allowed) => {
  const config = parsePermissions({ defaultSetting, ...exceptions })!;

  it('holds for those whom no exception names', () => {
    expect(mayInviteBy(config, '@other:a.example', false)).toBe(allowed);
    expect(mayInviteBy(defaultPermissions(defaultSetting), '@u:a.example', true)).toBe(allowed);
  });

  it.each([
    ['a user', '@u:a.example', false],
    ['a server', '@x:b.example', false],
    ['the insured', '@other:a.example', true],
  ])('is turned round for %s that an exception names', (_who, inviter, insured) => {
    expect(mayInviteBy(config, inviter, insured)).toBe(!allowed);
  });

  it('is turned round once, whatever number of exceptions there are', () => {
    expect(mayInviteBy({ ...config, serverExceptions: { 'a.example': {} } }, '@u:a.example', true)).toBe(
      !allowed,
    );
  });
});

it.each([
  {},
  { defaultSetting: 'sometimes' },
  { defaultSetting: 'allow all', userExceptions: [] },
  'x',
  undefined,
])('nobody can tell what %j means', (content) => {
  expect(parsePermissions(content)).toBeUndefined();
});

it('takes no exception from the names that every object has', () => {
  const config = parsePermissions({ defaultSetting: 'block all', userExceptions: {}, serverExceptions: {} })!;
  expect(mayInviteBy(config, 'constructor', false)).toBe(false);
});
