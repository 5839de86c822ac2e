import { TransientError } from '@bridge/contracts';
import { request } from 'undici';
import { z } from 'zod';
import { readAtMost } from '../requests/read-at-most';
import { hostOf } from '../requests/server-name';

/** Whom people ask for help (Matrix specification, "Getting server support"). */
export type SupportContacts = z.infer<typeof supportContacts>;

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 64 * 1024;
/** Anybody may ask, and the registration service is not asked each time. */
const KEEP_MS = 60_000;

const supportContacts = z.object({
  contacts: z
    .array(
      z
        .looseObject({
          role: z.string(),
          email_address: z.string().optional(),
          matrix_id: z.string().optional(),
        })
        .refine((contact) => contact.email_address !== undefined || contact.matrix_id !== undefined),
    )
    .optional(),
  support_page: z.string().optional(),
});

/** Where the answer to `/.well-known/matrix/support` comes from. @returns undefined where there is none */
export type FindSupport = () => Promise<SupportContacts | undefined>;

export interface SupportSettings {
  readonly supportEmail?: string;
  readonly supportPage?: string;
  readonly registrationUrl?: string;
}

/** What the settings name comes first; then what the registration service knows of this homeserver. */
export function supportOf(settings: SupportSettings, serverName: string): FindSupport {
  const { supportEmail: email, supportPage: page, registrationUrl } = settings;
  if (email !== undefined || page !== undefined) {
    const own: SupportContacts = {
      ...(email !== undefined && { contacts: [{ role: 'm.role.admin', email_address: email }] }),
      ...(page !== undefined && { support_page: page }),
    };
    return () => Promise.resolve(own);
  }
  return registrationUrl === undefined
    ? () => Promise.resolve(undefined)
    : remembered(() => fetchSupport(registrationUrl, serverName));
}

/** One question at a time; the last answer counts for a while. */
function remembered(fetch: () => Promise<SupportContacts>): FindSupport {
  let known: { readonly contacts: SupportContacts; readonly until: number } | undefined;
  let underWay: Promise<SupportContacts> | undefined;
  return () => {
    if (known && performance.now() < known.until) return Promise.resolve(known.contacts);
    underWay ??= fetch()
      .then((contacts) => {
        known = { contacts, until: performance.now() + KEEP_MS };
        return contacts;
      })
      .finally(() => (underWay = undefined));
    return underWay;
  };
}

/** The service knows a homeserver by the first label of its name. @throws TransientError */
async function fetchSupport(registrationUrl: string, serverName: string): Promise<SupportContacts> {
  const [label = ''] = hostOf(serverName).split('.');
  const url = `${registrationUrl}/backend/well-known-support/${encodeURIComponent(label)}`;
  const { status, text } = await read(url).catch(() => {
    throw notNow('does not answer');
  });
  // Nothing is known of this homeserver: an answer all the same, and a valid one.
  if (status === 404) return { contacts: [] };
  if (status !== 200) throw notNow(`answered ${status}`);
  const parsed = supportContacts.safeParse(jsonOf(text));
  if (!parsed.success) throw notNow('answered with something else');
  return parsed.data;
}

async function read(url: string): Promise<{ status: number; text: string }> {
  const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  return { status: statusCode, text: (await readAtMost(body, MAX_BYTES)).toString('utf8') };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notNow(why: string): TransientError {
  return new TransientError('proxy-registration', `The registration service ${why}`, {
    advice: 'the registration service (PROXY_REGISTRATION_URL) is away',
  });
}
