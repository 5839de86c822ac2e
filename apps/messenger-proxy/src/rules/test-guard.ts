import { Guard } from './guard';

/** A guard of own.example for tests of rules. @param refusing people there who let nobody invite them */
export function testGuard({
  listed,
  refusing = [],
}: {
  listed: readonly string[];
  refusing?: readonly string[];
}): Guard {
  return new Guard({
    ownServer: 'own.example',
    isListed: (server) => Promise.resolve(listed.includes(server)),
    mayInvite: (_inviter, invitee) => Promise.resolve(!refusing.includes(invitee)),
  });
}
