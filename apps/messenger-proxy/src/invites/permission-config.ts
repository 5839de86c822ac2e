import { z } from 'zod';
import { serverOfId } from '../requests/server-name';

/** Account data of somebody about who may invite them (gematik, schema TI-M_Pro). */
export const PERMISSION_TYPE = 'de.gematik.tim.account.permissionconfig.pro.v1';

const INSURED = 'isInsuredPerson';

const schema = z.looseObject({
  defaultSetting: z.enum(['allow all', 'block all']),
  userExceptions: z.record(z.string(), z.unknown()).optional(),
  serverExceptions: z.record(z.string(), z.unknown()).optional(),
  groupExceptions: z.array(z.looseObject({ groupName: z.string() })).optional(),
});
export type PermissionConfig = z.infer<typeof schema>;

/** What holds for those who have said nothing. */
export function defaultPermissions(setting: 'allow all' | 'block all'): PermissionConfig {
  return { defaultSetting: setting };
}

/** @returns undefined where it is not as the schema says: nobody can tell then what was meant */
export function parsePermissions(content: unknown): PermissionConfig | undefined {
  return schema.safeParse(content).data;
}

/** Whether it matters if somebody is insured. */
export function namesTheInsured({ groupExceptions = [] }: PermissionConfig): boolean {
  return groupExceptions.some(({ groupName }) => groupName === INSURED);
}

/**
 * Whether somebody lets another invite them: the default, turned round for those whom an exception names.
 * @param isInsured whether the other's homeserver is one of insured people
 */
export function mayInviteBy(config: PermissionConfig, inviter: string, isInsured: boolean): boolean {
  const server = serverOfId(inviter) ?? '';
  const excepted =
    Object.hasOwn(config.userExceptions ?? {}, inviter) ||
    Object.hasOwn(config.serverExceptions ?? {}, server) ||
    (isInsured && namesTheInsured(config));
  return (config.defaultSetting === 'allow all') !== excepted;
}
