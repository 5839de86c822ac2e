import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { containerPlaces } from './init/places';
import { organisationSecrets } from './init/secrets';

interface Service {
  readonly extends?: { readonly file?: string; readonly service: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks?: readonly string[];
  readonly profiles?: readonly string[];
  readonly volumes?: readonly string[];
}

const read = (name: string): string => readFileSync(join(__dirname, name), 'utf8');
const servicesIn = (name: string) =>
  (parse(read(name)) as { services: Readonly<Record<string, Service>> }).services;

/** Each value as Compose has it for this organisation. */
const settingsFor = (organisation: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(servicesIn('backup.yaml').backup?.environment ?? {}).map(([name, value]) => [
      name,
      value.replace(/\$\{ORGANISATION[^}]*\}/g, organisation),
    ]),
  );

describe.each(['apotheek', 'huisarts', 'vvt'])('the backup of %s', (organisation) => {
  it.each([
    ['bridge', 'BRIDGE'],
    ['synapse', 'SYNAPSE'],
  ])('reaches the database of %s with the password that init makes', (database, variable) => {
    const settings = settingsFor(organisation);
    const { environment = {} } = servicesIn(`${organisation}.yaml`)[`${organisation}-${database}-db`] ?? {};
    const { POSTGRES_USER: user = '', POSTGRES_DB: name = '' } = environment;
    expect(settings[`${variable}_DATABASE`]).toBe(
      `host=${organisation}-${database}-db user=${user} dbname=${name}`,
    );
    const file = settings[`${variable}_PASSWORD_FILE`]?.replace('/data/secrets/', '') ?? '';
    expect(Object.keys(organisationSecrets())).toContain(file);
  });

  it('has the media where the homeserver keeps them', () => {
    const { volumes = [] } = servicesIn(`${organisation}.yaml`)[`${organisation}-synapse`] ?? {};
    const { state } = containerPlaces(organisation).homeserver;
    const mount = volumes.find((volume) => volume.endsWith(`:${state}`));
    expect(mount).toContain(`/${organisation}/state/synapse:`);
    expect(read('backup.sh')).toContain(' state/synapse/media}');
  });
});

describe('the container that backs up', () => {
  it('is as closed as the others, and started by nobody but the operator', () => {
    const { backup } = servicesIn('backup.yaml');
    expect(backup?.extends).toEqual({ file: 'hardened.yaml', service: 'hardened' });
    expect(backup?.profiles).toEqual(['backup']);
    expect(backup?.networks).toHaveLength(1);
    expect(read('compose.yaml')).not.toContain('backup');
  });

  it('may change nothing of the script', () => {
    expect(servicesIn('backup.yaml').backup?.volumes).toContain('./backup.sh:/backup.sh:ro');
  });
});
