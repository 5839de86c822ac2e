import { existsSync } from 'node:fs';
import type { ComposeModel, Service } from '../../compose/compose-model';
import type { ContainerSpec } from '../container';
import { etcFiles } from '../etc-files';
import { type HealthCheck, milliseconds } from '../health';
import { host } from '../host';
import { OWN_NAME, imageOf } from '../images';
import { type Mount, readOnly, tmpfs, writable } from '../mounts';
import type { Place } from '../networks';

/** What a run reads of a service besides what the other checks look at. */
export interface RunnableService extends Service {
  readonly working_dir?: string;
  readonly shm_size?: string;
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly stop_signal?: string;
  readonly stop_grace_period?: string;
  readonly healthcheck?: Service['healthcheck'] & HealthCheck;
}

/** What is not understood here must not be passed over. */
const KNOWN = new Set(
  (
    'build cap_add cap_drop command depends_on deploy entrypoint environment healthcheck image logging network_mode networks ' +
    'ports profiles read_only restart secrets security_opt shm_size stop_grace_period stop_signal sysctls tmpfs user volumes'
  ).split(' '),
);
/** Docker's DNS server, in every container. */
export const DOCKER_DNS = '127.0.0.11';

/**
 * The container that Compose makes of a service.
 * @param command in the place of the service's own
 * @throws Error for a key that is not known here
 */
export function containerSpec(
  name: string,
  { services, secrets = {} }: ComposeModel,
  place: Place,
  command?: readonly string[],
): ContainerSpec {
  const service = { ...services[name], ...(command ? { command } : {}) } as RunnableService;
  const unknown = Object.keys(service).filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) throw new Error(`${name}: services.ts does not know ${unknown.join(', ')}`);
  const image = imageOf(service.image ?? '');
  const environment = Object.entries(service.environment ?? {}).flatMap(([key, value]) =>
    value === null ? [] : [[key, value.replaceAll('$$', '$')]],
  );
  return {
    name,
    network: place.name,
    hostname: name,
    mounts: [
      ...image.mounts,
      ...etcFilesOf(place),
      tmpfs('/dev/shm', `mode=1777,nosuid,nodev,size=${service.shm_size ?? '67108864'}`),
      ...(service.tmpfs ?? []).map(tmpfsOf),
      ...(service.volumes ?? []).map(volumeOf),
      ...(service.secrets ?? []).map(({ source, target = source }) =>
        readOnly(
          existing(secrets[source]?.file ?? ''),
          target.startsWith('/') ? target : `/run/secrets/${target}`,
        ),
      ),
    ],
    readOnlyRoot: service.read_only ?? false,
    user: userOf(service),
    capabilities: service.cap_add ?? [],
    sysctls: { 'net.ipv6.conf.all.disable_ipv6': '1', ...service.sysctls },
    environment: { ...image.environment, ...(Object.fromEntries(environment) as Record<string, string>) },
    workingDirectory: image.workingDirectory,
    argv: argvOf(image, service, name),
    stopSignal: (service.stop_signal ?? 'SIGTERM') as NodeJS.Signals,
    stopGraceMs: milliseconds(service.stop_grace_period, 10_000),
  };
}

/** What runs: words of the service count before those of the image, and its entrypoint does away with the image's command. */
export function argvOf(
  image: { readonly entrypoint: readonly string[]; readonly command: readonly string[] },
  { entrypoint, command }: Pick<Service, 'entrypoint' | 'command'>,
  hostname: string,
): string[] {
  const words = [...(entrypoint ?? image.entrypoint), ...(command ?? (entrypoint ? [] : image.command))];
  return words.map((word) => word.replace(OWN_NAME, hostname).replaceAll('$$', '$'));
}

/** Where users cannot be mapped, root in a container is who runs it all: it can give files to nobody else. */
function userOf({ user = '0:0', environment = {} }: RunnableService): { uid: number; gid: number } {
  const [uid = 0, gid = 0] = user.split(':').map(Number);
  if (uid !== 0 || host().isRoot) return { uid, gid };
  const [other = 0, group = 0] = (environment.RUN_AS ?? '').split(':').map(Number);
  return { uid: other, gid: group };
}

function etcFilesOf({ name, addresses }: Place): Mount[] {
  const resolver = addresses.length > 0 ? `nameserver ${DOCKER_DNS}\noptions ndots:0\n` : '';
  return etcFiles(
    name,
    addresses.map(({ address }) => address),
    resolver,
  );
}

function tmpfsOf(text: string): Mount {
  const [target = '', options = ''] = text.split(':');
  return tmpfs(target, `nosuid,nodev,noexec,${options}`);
}

function volumeOf({
  type,
  source = '',
  target,
  read_only: isReadOnly,
}: NonNullable<Service['volumes']>[number]): Mount {
  if (type !== 'bind') throw new Error(`A volume of the type ${type} is not known here`);
  return (isReadOnly ? readOnly : writable)(existing(source), target);
}

/** Docker would make an empty folder of it, or say so. */
function existing(path: string): string {
  if (!existsSync(path)) throw new Error(`Nothing has made ${path}`);
  return path;
}
