import { TransientError } from '@bridge/contracts';
import type { InviteContact } from '@bridge/persistence';
import { FederationList } from '../federation-list/federation-list';
import { ListOutdated } from '../federation-list/list-keeper';
import { listPayload } from '../federation-list/test-lists';
import { type InvitePermissionDependencies, InvitePermission } from './invite-permission';
import { PERMISSION_TYPE, defaultPermissions } from './permission-config';
import { PermissionSource } from './permission-source';

const now = 1_000_000;
const inviter = '@them:partner.example';
const invitee = '@me:own.example';
const away = () => Promise.reject(new TransientError('proxy-directory', 'away', { advice: 'away' }));

/** @param set what the invitee has set @param contact of the inviter with them */
function permission({
  set,
  fallback = 'block all',
  contact,
  ...more
}: Partial<InvitePermissionDependencies> & {
  set?: object;
  fallback?: 'allow all' | 'block all';
  contact?: { start: number; end?: number };
}) {
  const data = set ? { [PERMISSION_TYPE]: set } : {};
  return new InvitePermission({
    policy: 'permissions',
    permissions: new PermissionSource(() => Promise.resolve(data), defaultPermissions(fallback), 60_000),
    contacts: {
      find: (owner, approved) =>
        Promise.resolve(
          contact &&
            ({
              owner,
              approved,
              displayName: '',
              start: new Date(contact.start),
              end: contact.end === undefined ? undefined : new Date(contact.end),
            } satisfies InviteContact | undefined),
        ),
    },
    list: () => FederationList.parse(listPayload(1, ['partner.example'])),
    now: () => now,
    ...more,
  });
}
const directory = () => jest.fn().mockResolvedValue(true);

describe('whoever is in the list', () => {
  it('may invite where that is the rule, and nobody else is asked', async () => {
    const asked = directory();
    expect(await permission({ policy: 'listed', directory: asked }).mayInvite(inviter, invitee)).toBe(true);
    expect(asked).not.toHaveBeenCalled();
  });
});

describe('somebody’s permissions', () => {
  const outdated = () => {
    throw new ListOutdated();
  };

  it('count with an outdated list as well, where they do not ask for it', async () => {
    const set = { defaultSetting: 'allow all' };
    expect(await permission({ set, list: outdated }).mayInvite('@other:own.example', invitee)).toBe(true);
  });

  it('are not known with an outdated list where they name the insured', async () => {
    const set = { defaultSetting: 'allow all', groupExceptions: [{ groupName: 'isInsuredPerson' }] };
    await expect(permission({ set, list: outdated }).mayInvite(inviter, invitee)).rejects.toThrow(
      ListOutdated,
    );
  });
});

describe('the directory', () => {
  it('is asked where somebody has said nothing, and the default is a no', async () => {
    const asked = directory();
    expect(await permission({ directory: asked }).mayInvite(inviter, invitee)).toBe(true);
    expect(asked).toHaveBeenCalledWith(inviter, invitee);
    expect(await permission({}).mayInvite(inviter, invitee)).toBe(false);
  });

  it.each([
    ['a yes', { defaultSetting: 'allow all' }, true],
    ['a no', { defaultSetting: 'block all' }, false],
    ['a no to one', { defaultSetting: 'allow all', userExceptions: { [inviter]: {} } }, false],
    ['what nobody understands', { defaultSetting: 'perhaps' }, false],
  ])('is not asked after %s of their own', async (_what, set, allowed) => {
    const asked = directory();
    expect(await permission({ set, directory: asked }).mayInvite(inviter, invitee)).toBe(allowed);
    expect(asked).not.toHaveBeenCalled();
  });

  it('is asked for those who are no contacts', async () => {
    const asked = directory();
    const contacts = { policy: 'contacts' as const, directory: asked };
    expect(await permission({ ...contacts, contact: { start: 0 } }).mayInvite(inviter, invitee)).toBe(true);
    expect(asked).not.toHaveBeenCalled();
    expect(await permission(contacts).mayInvite(inviter, invitee)).toBe(true);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('that does not answer lets nobody pass', async () => {
    await expect(permission({ directory: away }).mayInvite(inviter, invitee)).rejects.toThrow('away');
    const contacts = permission({ policy: 'contacts', directory: away });
    await expect(contacts.mayInvite(inviter, invitee)).rejects.toThrow('away');
  });
});

describe('a contact', () => {
  it.each([
    ['before its start', { start: now + 1 }, false],
    ['from its start', { start: now }, true],
    ['before its end', { start: 0, end: now + 1 }, true],
    ['at its end', { start: 0, end: now }, false],
  ])('%s counts: %j %s', async (_when, contact, allowed) => {
    expect(await permission({ policy: 'contacts', contact }).mayInvite(inviter, invitee)).toBe(allowed);
  });
});
