import { parse } from 'yaml';
import { ofKind, workloadsOf, type KubernetesObject } from './kubernetes-object';
import { everyVariant, objectsOfTitle, objectsOfVariant } from './rendered-charts';

type Yaml = Record<string, unknown>;

const federations = everyVariant.filter(([title]) => title.startsWith('synapse-federation'));

function filesOf(objects: readonly KubernetesObject[], file: string): [string, string][] {
  return ofKind(objects, 'ConfigMap').flatMap(({ metadata, data }) =>
    data?.[file] ? [[metadata.name, data[file]] as [string, string]] : [],
  );
}

describe.each(federations)('homeserver.yaml of %s', (_, variant) => {
  const objects = objectsOfVariant(variant);
  const configurations = filesOf(objects, 'homeserver.yaml');
  const names = configurations.map(([, text]) => (parse(text) as Yaml).server_name);

  it.each(configurations)('%s lets nobody in who was not asked', (_, text) => {
    const config = parse(text) as Yaml;
    expect(config).toMatchObject({
      enable_registration: false,
      allow_guest_access: false,
      allow_public_rooms_without_auth: false,
      allow_public_rooms_over_federation: false,
      room_list_publication_rules: [{ action: 'deny' }],
      url_preview_enabled: false,
      report_stats: false,
      require_auth_for_profile_requests: true,
      password_config: { policy: { enabled: true } },
      retention: { enabled: true },
    });
    const { listeners } = config as { listeners: Yaml[] };
    expect(listeners[0]).toMatchObject({ port: 8008, tls: false, x_forwarded: true });
  });

  it.each(configurations)(
    '%s federates with the servers of the list alone, by certificates that are checked',
    (_, text) => {
      const config = parse(text) as Yaml;
      expect(config.federation_domain_whitelist).toEqual(expect.arrayContaining(names));
      expect(config).toMatchObject({ federation_verify_certificates: true, trusted_key_servers: [] });
      expect(config).not.toHaveProperty('ip_range_blacklist');
    },
  );

  it.each(configurations)('%s holds no secret, only where each is', (_, text) => {
    const config = parse(text) as Yaml;
    for (const key of [
      'macaroon_secret_key',
      'form_secret',
      'registration_shared_secret',
      'worker_replication_secret',
    ])
      expect(config).not.toHaveProperty(key);
    for (const key of [
      'macaroon_secret_key_path',
      'form_secret_path',
      'registration_shared_secret_path',
      'signing_key_path',
    ])
      expect(config[key]).toMatch(/^\/run\/synapse\/secrets\//);
    expect((config.database as { args: Yaml }).args).not.toHaveProperty('password');
  });

  it.each(configurations)('%s lets one person be invited to more Rooms than Synapse’s five', (_, text) => {
    const { rc_invites: invites } = parse(text) as { rc_invites: Record<string, { burst_count: number }> };
    for (const limit of ['per_room', 'per_user', 'per_issuer'])
      expect(invites[limit]?.burst_count).toBeGreaterThan(50);
  });

  it('finds every file that it names among the mounts', () => {
    for (const { pod } of workloadsOf(objects)) {
      for (const container of pod.spec.containers.filter(({ name }) =>
        ['synapse', 'worker'].includes(name),
      )) {
        const mounts = (container.volumeMounts ?? []).map(({ mountPath }) => mountPath);
        const map = pod.spec.volumes?.find(({ name }) => name === 'config')?.configMap?.name;
        const [, text = ''] = configurations.find(([name]) => name === map) ?? [];
        const named = [...text.matchAll(/\/(?:run|etc|data)\/[\w/.-]+/g)].map(([file]) => file);
        expect(named.length).toBeGreaterThan(4);
        for (const file of named)
          expect({ file, in: mounts.filter((mount) => file.startsWith(mount)) }).not.toEqual({
            file,
            in: [],
          });
      }
    }
  });

  it('has its registrations made of those that are mounted', () => {
    for (const { pod } of workloadsOf(objects).filter(
      ({ pod }) => pod.spec.containers[0]?.name === 'synapse',
    )) {
      const map = pod.spec.volumes?.find(({ name }) => name === 'config')?.configMap?.name;
      const [, text = ''] = configurations.find(([name]) => name === map) ?? [];
      const mounted = (pod.spec.initContainers?.[0]?.volumeMounts ?? [])
        .map(({ mountPath }) => mountPath)
        .filter((mount) => mount.startsWith('/run/synapse/registrations/'));
      const { app_service_config_files: files } = parse(text) as { app_service_config_files: string[] };
      expect(files).toEqual(
        mounted.map((mount) => `/run/synapse/generated/${mount.replace(/.*\//, '')}.yaml`),
      );
    }
  });
});

describe('The federation', () => {
  it('is of the organisations and those of the list, nobody else', () => {
    const [[, text] = ['', '']] = filesOf(
      objectsOfTitle('synapse-federation production-workers'),
      'homeserver.yaml',
    );
    expect((parse(text) as Yaml).federation_domain_whitelist).toEqual([
      'zuid.example',
      'huisarts.example',
      'apotheek.example',
      'ziekenhuis.example:8448',
    ]);
  });

  it('has its own authority and its own networks where they are named', () => {
    for (const [, text] of filesOf(
      objectsOfTitle('synapse-federation federation-of-three'),
      'homeserver.yaml',
    ))
      expect(parse(text)).toMatchObject({
        federation_custom_ca_list: ['/run/synapse/authority/ca.crt'],
        ip_range_whitelist: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
        federation_domain_whitelist: ['apotheek', 'huisarts', 'vvt'],
      });
  });
});

describe.each(federations)('nginx of %s', (_, variant) => {
  const objects = objectsOfVariant(variant);
  const gateways = filesOf(objects, 'nginx.conf').filter(([name]) => name.endsWith('-gateway'));

  it.each(gateways)('%s passes on what clients and servers need, and not the admin API', (_, conf) => {
    const locations = [...conf.matchAll(/location (?:[~=] )?(\S+) \{/g)].map(([, location]) => location);
    expect(locations).toEqual(
      expect.arrayContaining(['/_matrix/', '/_synapse/client/', '/.well-known/matrix/server', '/']),
    );
    expect(conf).not.toContain('/_synapse/admin');
    expect(conf).toContain('location / { return 404; }');
  });

  it.each(gateways)(
    '%s passes on paths as they are, and lets files through that Synapse takes',
    (name, conf) => {
      for (const [, target] of conf.matchAll(/proxy_pass (\S+);/g))
        expect(target).toMatch(/^http:\/\/(synapse|workers)$/);
      const [, text = ''] =
        filesOf(objects, 'homeserver.yaml').find(([each]) => each === name.replace('-gateway', '-synapse')) ??
        [];
      const { max_upload_size: size } = parse(text) as { max_upload_size: string };
      expect(conf).toContain(`client_max_body_size ${size.toLowerCase()};`);
    },
  );

  it.each(gateways)('%s ends TLS as one does now, where it does', (_, conf) => {
    const endsTls = conf.includes(' ssl;');
    const [, protocols] = /ssl_protocols ([^;]+);/.exec(conf) ?? [];
    const [, ciphers = ''] = /ssl_ciphers ([^;]+);/.exec(conf) ?? [];
    expect(protocols).toBe(endsTls ? 'TLSv1.2 TLSv1.3' : undefined);
    for (const cipher of ciphers.split(':').filter((each) => each !== ''))
      expect(cipher).toMatch(/^ECDHE-(ECDSA|RSA)-(AES\d+-GCM-SHA\d+|CHACHA20-POLY1305)$/);
    expect(ciphers !== '').toBe(endsTls);
    // nginx sends a header of a server from no location that has one of its own.
    const places = conf.split(/(?=\n {4}location )/).filter((part) => part.includes('add_header'));
    const kept = places.filter((part) =>
      part.includes("Strict-Transport-Security 'max-age=63072000' always;"),
    );
    expect(kept.length).toBe(endsTls ? places.length : 0);
  });

  it.each(gateways)('%s tells Synapse who calls, and what was asked for', (_, conf) => {
    for (const header of ['Host $http_host', 'X-Forwarded-For $forwarded_for'])
      expect(conf).toContain(`proxy_set_header ${header};`);
    // Who calls by TLS cannot say themselves who they are.
    expect(conf).toMatch(/map \$https \$forwarded_for \{\s+on \$remote_addr;/);
  });

  it.each(gateways)('%s says by well-known where the server is, as JSON', (_, conf) => {
    for (const [, file, body = ''] of conf.matchAll(
      /location = \/\.well-known\/matrix\/(\w+) \{([^}]*return 200 '[^']*';)/g,
    )) {
      expect(body).toContain('default_type application/json;');
      expect(body).toContain("add_header Access-Control-Allow-Origin '*' always;");
      const content = JSON.parse(/return 200 '([^']*)'/.exec(body)?.[1] ?? '') as Yaml;
      const key = { server: 'm.server', client: 'm.homeserver', support: 'contacts' }[file ?? ''];
      expect(content).toHaveProperty([key ?? '']);
    }
  });
});

describe('Well-known delegation', () => {
  const serverOf = (title: string) =>
    filesOf(objectsOfTitle(title), 'nginx.conf').flatMap(
      ([, conf]) => /"m\.server":"([^"]*)"/.exec(conf)?.[1] ?? [],
    );

  it('leads to 8448 where the gateway ends TLS, and to the client’s host where something else does', () => {
    expect(serverOf('synapse-federation federation-of-three')).toEqual([
      'apotheek:8448',
      'huisarts:8448',
      'vvt:8448',
    ]);
    expect(serverOf('synapse-federation single')).toEqual(['matrix.vvt.example:443']);
  });
});

describe('The keys', () => {
  it('are made by a hook whose account may create Secrets and nothing else', () => {
    const objects = objectsOfTitle('synapse-federation federation-of-three');
    const roles = ofKind(objects, 'Role') as (KubernetesObject & { rules: unknown })[];
    expect(roles.map(({ rules }) => rules)).toEqual([
      [{ apiGroups: [''], resources: ['secrets'], verbs: ['create'] }],
    ]);
    for (const { metadata } of objects.filter(({ metadata }) => metadata.name.endsWith('-make-keys')))
      if (!metadata.labels?.['app.kubernetes.io/component']?.includes('network') && metadata.annotations)
        expect(metadata.annotations['helm.sh/hook']).toBe('pre-install,pre-upgrade');
  });

  it('are made for every organisation, and each pod reads its own', () => {
    const objects = objectsOfTitle('synapse-federation federation-of-three');
    const [job] = workloadsOf(objects).filter(({ isJob }) => isJob);
    const wanted = JSON.parse(
      job?.containers[0]?.env?.find(({ name }) => name === 'WANTED')?.value ?? '{}',
    ) as Yaml;
    expect(Object.keys(wanted)).toEqual(['care-apotheek-keys', 'care-huisarts-keys', 'care-vvt-keys']);
    const made =
      `signing_key ${job?.containers[0]?.env?.find(({ name }) => name === 'SECRETS')?.value}`.split(' ');
    for (const { pod } of workloadsOf(objects))
      for (const { projected } of pod.spec.volumes ?? [])
        for (const { secret } of projected?.sources ?? [])
          if (secret?.name.endsWith('-keys')) {
            expect(secret.name).toBe(`care-${pod.metadata.labels['matrix-federation/organisation']}-keys`);
            expect(made).toEqual(expect.arrayContaining(secret.items.map(({ key }) => key)));
          }
  });

  it('are not made where all of them exist', () => {
    const objects = objectsOfTitle('synapse-federation production-workers');
    expect(workloadsOf(objects).filter(({ isJob }) => isJob)).toEqual([]);
    expect(ofKind(objects, 'Role')).toEqual([]);
  });
});

describe('A homeserver behind its messenger proxy', () => {
  it('calls others through it alone, and trusts its authority and no other', () => {
    const [[, text = ''] = []] = filesOf(
      objectsOfTitle('synapse-federation behind-messenger-proxy'),
      'homeserver.yaml',
    );
    expect(parse(text)).toMatchObject({
      https_proxy: 'http://bridge-messenger-proxy.care.svc:8093',
      no_proxy_hosts: [],
      federation_custom_ca_list: ['/run/synapse/authority/ca.crt'],
      federation_verify_certificates: true,
    });
  });
});
