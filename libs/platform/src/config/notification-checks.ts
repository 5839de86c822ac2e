import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { ConfigMistake } from './config-error';
import type { SourceSettings } from './notification-sources';
import { settings, type Config } from './settings';

type Notifications = Config['notifications'];
type Key = keyof typeof settings.notifications;

/** Whether a source of these settings has a secret of its own. */
function needsSecret({ secretHeader, signatureHeader }: SourceSettings): boolean {
  return secretHeader !== undefined || signatureHeader !== undefined;
}

/** Mistakes between the settings of the section `notifications`. A setting that is wrong by itself is left alone. */
export function notificationMistakes(section: Partial<Notifications>): ConfigMistake[] {
  return [
    ...(areRead(section, 'secrets', 'previousSecrets', 'sources') ? secretMistakes(section) : []),
    ...(areRead(section, 'certificateHeader', 'trustedProxies') ? proxyMistakes(section) : []),
    ...(areRead(section, 'tlsCertificate', 'tlsKey', 'clientCa') ? tlsMistakes(section) : []),
    ...(areRead(section, 'sources', 'certificateHeader', 'clientCa') ? certificateMistakes(section) : []),
  ];
}

function areRead<K extends Key>(
  section: Partial<Notifications>,
  ...keys: K[]
): section is Partial<Notifications> & Pick<Notifications, K> {
  return keys.every((key) => key in section);
}

function secretMistakes({
  secrets,
  previousSecrets,
  sources,
}: Pick<Notifications, 'secrets' | 'previousSecrets' | 'sources'>): ConfigMistake[] {
  if (!secrets && !sources) {
    return [mistake('secrets', 'is not set, and no source either', 'name at least one source: ehr=…')];
  }
  const withSecret = new Set(Object.keys(secrets ?? {}));
  const described = Object.entries(sources ?? {});
  return [
    ...described
      .filter(([source, it]) => needsSecret(it) && !withSecret.has(source))
      .map(([source]) =>
        mistake(
          'secrets',
          `the source ${source} has no secret`,
          `add ${source}=… with at least 16 characters`,
        ),
      ),
    ...described
      .filter(([source, it]) => !needsSecret(it) && withSecret.has(source))
      .map(([source]) =>
        mistake(
          'secrets',
          `the secret of ${source} is never asked for`,
          `remove it, or give the source a secretHeader or a signatureHeader`,
        ),
      ),
    ...Object.keys(previousSecrets ?? {})
      .filter((source) => !withSecret.has(source))
      .map((source) =>
        mistake('previousSecrets', `the source ${source} has no present secret`, `add it to the secrets`),
      ),
  ];
}

function proxyMistakes({
  certificateHeader,
  trustedProxies,
}: Pick<Notifications, 'certificateHeader' | 'trustedProxies'>): ConfigMistake[] {
  if (certificateHeader && !trustedProxies) {
    return [mistake('trustedProxies', 'is not set', 'say where the proxies call from, such as 10.0.0.0/8')];
  }
  if (trustedProxies && !certificateHeader) {
    return [mistake('certificateHeader', 'is not set', 'name the header, such as Client-Cert')];
  }
  return [];
}

function tlsMistakes({
  tlsCertificate,
  tlsKey,
  clientCa,
}: Pick<Notifications, 'tlsCertificate' | 'tlsKey' | 'clientCa'>): ConfigMistake[] {
  const missing = ([key, value]: [Key, unknown]) =>
    value ? [] : [mistake(key, 'is not set', 'TLS needs both a certificate and its key')];
  if (!tlsCertificate || !tlsKey) {
    if (!tlsCertificate && !tlsKey && !clientCa) return [];
    return [...missing(['tlsCertificate', tlsCertificate]), ...missing(['tlsKey', tlsKey])];
  }
  if (new X509Certificate(tlsCertificate).checkPrivateKey(createPrivateKey(tlsKey))) return [];
  return [mistake('tlsKey', 'is not the key of the certificate', 'put the certificate of this key first')];
}

function certificateMistakes({
  sources,
  certificateHeader,
  clientCa,
}: Pick<Notifications, 'sources' | 'certificateHeader' | 'clientCa'>): ConfigMistake[] {
  if (certificateHeader || clientCa) return [];
  return Object.entries(sources ?? {})
    .filter(([, { certificate }]) => certificate)
    .map(([source]) =>
      mistake(
        'sources',
        `the client certificate of ${source} cannot reach the bridge`,
        `set ${settings.notifications.certificateHeader.env} where a proxy ends TLS, ${settings.notifications.clientCa.env} where fhir-ingress does`,
      ),
    );
}

function mistake(key: Key, problem: string, mend: string): ConfigMistake {
  return { setting: `${settings.notifications[key].env} (notifications.${key})`, problem, mend };
}
