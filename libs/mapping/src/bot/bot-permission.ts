import { UserId, serverOf } from '@bridge/contracts';

/** What somebody may do at the bot, in rising order. */
export const botPermissions = ['none', 'user', 'admin'] as const;
export type BotPermission = (typeof botPermissions)[number];

/**
 * What a person may do at the bot. The closest match counts: their user id, then their server, then everybody (`*`).
 * Whom nothing matches may do nothing.
 */
export function permissionOf(userId: UserId, permissions: ReadonlyMap<string, BotPermission>): BotPermission {
  return permissions.get(userId) ?? permissions.get(serverOf(userId)) ?? permissions.get('*') ?? 'none';
}

export function isAllowed(permission: BotPermission, needed: BotPermission): boolean {
  return botPermissions.indexOf(permission) >= botPermissions.indexOf(needed);
}
