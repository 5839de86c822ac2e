import { type KeyedCertificate, makeAuthority } from '@bridge/certificates';
import type { DataFolder } from './data-folder';
import type { OrganisationPlan } from './plan';
import type { Deed, PrepareOptions } from './prepare';

/** One homeserver alone trusts it, and it is replaced in a minute: docs/operations/messenger-proxy.md. */
const VALID_DAYS = 3_652;

/**
 * The authority of the certificates that a messenger proxy shows to its own homeserver. Its key makes that homeserver
 * believe anything: it is of one organisation, and no partner ever trusts it.
 */
export async function ensureOutboundAuthority(
  folder: DataFolder,
  { name, serverName }: OrganisationPlan,
  { now }: PrepareOptions,
  deeds: Deed[],
): Promise<KeyedCertificate> {
  const [path, keyPath] = [`${name}/secrets/outbound.crt`, `${name}/secrets/outbound.key`];
  const certificatePem = await folder.read(path);
  const privateKeyPem = await folder.read(keyPath);
  if (certificatePem !== undefined && privateKeyPem !== undefined) {
    deeds.push({ path, outcome: 'kept' });
    return { certificatePem, privateKeyPem };
  }
  const made = await makeAuthority(`Messenger proxy of ${serverName}`.slice(0, 64), {
    now,
    days: VALID_DAYS,
  });
  await folder.write({ path: keyPath, content: made.privateKeyPem, secret: true });
  await folder.write({ path, content: made.certificatePem, secret: true });
  deeds.push({ path, outcome: 'made' });
  return made;
}
