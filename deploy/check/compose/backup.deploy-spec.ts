import { ALONE, ORGANISATIONS, backupModel, composeModel, mountsOf } from './compose-model';

describe('backup.yaml', () => {
  it.each(ORGANISATIONS)('adds one service for %s, and changes no other', (name) => {
    const { backup, ...others } = backupModel(name).services;
    expect(others).toEqual(composeModel().services);
    expect(backup?.profiles).toEqual(['backup']);
    expect(mountsOf(backup ?? {}).sort()).toEqual(['/backup.sh', '/backups', '/data']);
  });

  it.each(ORGANISATIONS)('reaches the databases of %s, and nothing outside of its network', (name) => {
    const { services, networks } = backupModel(name);
    expect(Object.keys(services.backup?.networks ?? {})).toEqual([name]);
    expect(networks[name]?.internal).toBe(true);
    const hosts = Object.entries(services.backup?.environment ?? {}).flatMap(
      ([variable, value]) => (/_DATABASE$/.test(variable) && /^host=(\S+)/.exec(value ?? '')?.[1]) || [],
    );
    expect(hosts.sort()).toEqual([`${name}-bridge-db`, `${name}-synapse-db`]);
    for (const host of hosts) expect(services[host]?.networks).toHaveProperty([name]);
  });

  it('is of the image that the databases are of', () => {
    const { services } = backupModel('vvt');
    expect(services.backup?.image).toBe(services['vvt-bridge-db']?.image);
    expect(services.backup?.image).toBe(services['vvt-synapse-db']?.image);
  });

  it('may change the data and the backups of its organisation, and not what it runs', () => {
    const { volumes = [] } = backupModel('vvt').services.backup ?? {};
    const writable = volumes.filter(({ read_only: isReadOnly }) => !isReadOnly);
    expect(writable.map(({ target }) => target).sort()).toEqual(['/backups', '/data']);
    expect(volumes.find(({ target }) => target === '/data')?.source).toMatch(/\/data\/vvt$/);
  });

  it('works for one organisation alone as well', () => {
    const files = [...ALONE, 'vvt.yaml', 'backup.yaml'];
    const model = composeModel({ files, profiles: ['backup'], env: { ORGANISATION: 'vvt' } });
    expect(model.services.backup?.environment?.BRIDGE_DATABASE).toContain('host=vvt-bridge-db');
  });

  it('is refused without the name of an organisation', () => {
    expect(() => composeModel({ files: ['compose.yaml', 'backup.yaml'], profiles: ['backup'] })).toThrow(
      /ORGANISATION.*name it/,
    );
  });
});
