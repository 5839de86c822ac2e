import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { ConfigMistake } from './config-error';
import { fhirAccessSettings } from './fhir-access-settings';
import type { Config } from './settings';

type Fhir = Partial<Config['fhir']>;
export type FhirAuth = NonNullable<Config['fhir']['auth']>;
type Key = keyof typeof fhirAccessSettings;

/** What FHIR_AUTH says, or what follows from its not being set. */
export function fhirAuth({ auth, bearerToken }: Pick<Fhir, 'auth' | 'bearerToken'>): FhirAuth {
  return auth ?? (bearerToken === undefined ? 'none' : 'bearer');
}

/** Per kind of authentication: what it needs, and what it can use besides. */
const uses: Readonly<Record<FhirAuth, { readonly needs: readonly Key[]; readonly may: readonly Key[] }>> = {
  none: { needs: [], may: [] },
  bearer: { needs: ['bearerToken'], may: [] },
  basic: { needs: ['user', 'password'], may: [] },
  'client-credentials': {
    needs: ['clientId'],
    // Keys and a secret side by side: a client that changes from one to the other publishes its keys first.
    may: ['clientKey', 'otherClientKey', 'clientSecret', 'tokenUrl', 'scope'],
  },
  nuts: { needs: ['nutsUrl', 'nutsSubject', 'nutsAuthorizationServer', 'scope'], may: [] },
};

const ofSomeKind = new Set(Object.values(uses).flatMap(({ needs, may }) => [...needs, ...may]));

/** Settings of the FHIR server that are there without the others that they need, or without any use. */
export function fhirAccessMistakes(fhir: Fhir): ConfigMistake[] {
  return [...kindMistakes(fhir), ...methodMistakes(fhir), ...tlsMistakes(fhir)];
}

function kindMistakes(fhir: Fhir): ConfigMistake[] {
  if (!wasRead(fhir, 'auth')) return [];
  const kind = fhirAuth(fhir);
  const { needs, may } = uses[kind];
  const missing = needs.filter((key) => isMissing(fhir, key));
  const useless = [...ofSomeKind].filter((key) => isSet(fhir, key) && ![...needs, ...may].includes(key));
  return [
    ...missing.map((key) => ({
      setting: nameOf(key),
      problem: `is not set, and FHIR_AUTH ${kind} needs it`,
      mend: `set it to ${fhirAccessSettings[key].schema.description}`,
    })),
    ...useless.map((key) => ({
      setting: nameOf(key),
      problem: `is set, and FHIR_AUTH ${kind} has no use for it`,
      mend: `unset it, or set FHIR_AUTH to ${kindsWith(key).join(' or ')}`,
    })),
  ];
}

function methodMistakes(fhir: Fhir): ConfigMistake[] {
  if (!wasRead(fhir, 'auth') || fhirAuth(fhir) !== 'client-credentials') return [];
  const method = fhir.clientAuthMethod;
  const key = method === 'private_key_jwt' ? 'clientKey' : 'clientSecret';
  if (method === undefined || !isMissing(fhir, key)) return [];
  return [
    {
      setting: nameOf(key),
      problem: `is not set, and ${fhirAccessSettings.clientAuthMethod.env} ${method} needs it`,
      mend: `set it to ${fhirAccessSettings[key].schema.description}, or choose another method`,
    },
  ];
}

function tlsMistakes(fhir: Fhir): ConfigMistake[] {
  const { tlsCertificate, tlsKey } = fhir;
  const [absent, present] =
    tlsKey === undefined ? (['tlsKey', 'tlsCertificate'] as const) : (['tlsCertificate', 'tlsKey'] as const);
  if (isMissing(fhir, absent) && isSet(fhir, present)) {
    return [
      {
        setting: nameOf(absent),
        problem: `is not set, and ${fhirAccessSettings[present].env} is`,
        mend: 'set both, or neither',
      },
    ];
  }
  if (tlsCertificate === undefined || tlsKey === undefined || keyBelongsTo(tlsCertificate, tlsKey)) return [];
  return [
    {
      setting: nameOf('tlsKey'),
      problem: `does not belong to the first certificate of ${fhirAccessSettings.tlsCertificate.env}`,
      mend: 'set the two that were made together; the own certificate comes before the intermediate ones',
    },
  ];
}

/** Of several certificates the first is the own one: where X509Certificate stops reading. */
function keyBelongsTo(certificates: string, key: string): boolean {
  return new X509Certificate(certificates).checkPrivateKey(createPrivateKey(key));
}

function isSet(fhir: Fhir, key: Key): boolean {
  return fhir[key] !== undefined;
}

/** A setting whose value could not be read is a mistake of its own, and not there at all. */
function wasRead(fhir: Fhir, key: Key): boolean {
  return key in fhir;
}

function isMissing(fhir: Fhir, key: Key): boolean {
  return wasRead(fhir, key) && !isSet(fhir, key);
}

function kindsWith(key: Key): string[] {
  return Object.entries(uses)
    .filter(([, { needs, may }]) => needs.includes(key) || may.includes(key))
    .map(([kind]) => kind);
}

function nameOf(key: Key): string {
  return `${fhirAccessSettings[key].env} (fhir.${key})`;
}
