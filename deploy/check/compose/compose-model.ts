import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** The folder with compose.yaml. */
export const COMPOSE_FOLDER = join(__dirname, '..', '..', 'compose');
export const ORGANISATIONS = ['apotheek', 'huisarts', 'vvt'] as const;
/** What an organisation alone is made of, beside its own file. */
export const ALONE = ['base.yaml', 'nginx.yaml'];

/** What `docker compose config --format json` tells of a service; what is not looked at is left out. */
export interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly user?: string;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly network_mode?: string;
  readonly profiles?: readonly string[];
  readonly command?: readonly string[] | null;
  readonly entrypoint?: readonly string[] | null;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly tmpfs?: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly logging?: { readonly driver?: string; readonly options?: Readonly<Record<string, string>> };
  readonly deploy?: {
    readonly resources?: { readonly limits?: { cpus?: number | string; memory?: string; pids?: number } };
  };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly networks?: Readonly<Record<string, { readonly aliases?: readonly string[] } | null>>;
  readonly ports?: readonly {
    readonly host_ip?: string;
    readonly published: string;
    readonly target: number;
  }[];
  readonly volumes?: readonly {
    readonly type: string;
    readonly source?: string;
    readonly target: string;
    readonly read_only?: boolean;
  }[];
  readonly secrets?: readonly { readonly source: string; readonly target?: string }[];
}

/** The whole project after merging, extending and interpolating. */
export interface ComposeModel {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly secrets?: Readonly<Record<string, { readonly file?: string; readonly environment?: string }>>;
}

export interface Choice {
  /** Default: compose.yaml. */
  readonly files?: readonly string[];
  readonly profiles?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Asked once: the answer takes a second, and depends on nothing else. */
const answers = new Map<string, ComposeModel>();

/**
 * Asks the real Compose CLI, whose path the environment variable COMPOSE tells. It needs no container engine for this.
 * @throws Error with its words when it refuses the files
 */
export function composeModel({ files = [], profiles = [], env = {} }: Choice = {}): ComposeModel {
  const args = [
    ...files.flatMap((file) => ['--file', file]),
    ...profiles.flatMap((profile) => ['--profile', profile]),
    'config',
    '--format=json',
  ];
  const question = JSON.stringify([args, env]);
  const known = answers.get(question);
  if (known) return known;
  const output = execFileSync(program('COMPOSE', 'the Docker Compose CLI (the plugin itself)'), args, {
    cwd: COMPOSE_FOLDER,
    // Nothing of the shell: a COMPOSE_FILE there would change what is looked at.
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...env },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const model = JSON.parse(output) as ComposeModel;
  answers.set(question, model);
  return model;
}

/** The program that an environment variable names. @throws Error when it names none: a check is not passed by leaving it out */
export function program(variable: string, what: string): string {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} has to name ${what}`);
  return path;
}

/** Everything, whatever profile it is in. */
export const everything = (choice: Choice = {}): ComposeModel => composeModel({ profiles: ['*'], ...choice });

/** All of a federation of three, with the file that backs one of them up. */
export const backupModel = (organisation: string): ComposeModel =>
  composeModel({
    files: ['compose.yaml', 'backup.yaml'],
    profiles: ['backup'],
    env: { ORGANISATION: organisation },
  });

/** Whether a service does its work once and ends. */
export const isOneShot = ({ restart }: Service): boolean => restart === 'no';

/** Paths that a container sees from outside its image. */
export function mountsOf({ volumes = [], secrets = [] }: Service): string[] {
  return [
    ...volumes.map(({ target }) => target),
    ...secrets.map(({ source, target }) => {
      const name = target ?? source;
      return name.startsWith('/') ? name : `/run/secrets/${name}`;
    }),
  ];
}
