import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { COMPOSE_FOLDER, ORGANISATIONS, everything, mountsOf } from './compose-model';

/*
 * Prometheus and Grafana of deploy/compose, as far as their files tell. What the dashboards ask for is looked at with the
 * chart, whose dashboards these are.
 */

interface Relabelling {
  readonly source_labels?: readonly string[];
  readonly target_label: string;
  readonly replacement?: string;
}

interface ScrapeConfig {
  readonly job_name: string;
  readonly file_sd_configs?: readonly { files: readonly string[] }[];
  readonly dns_sd_configs?: readonly { names: readonly string[]; type: string; port: number }[];
  readonly relabel_configs?: readonly Relabelling[];
}

const read = <T>(path: string): T =>
  parse(readFileSync(join(COMPOSE_FOLDER, 'monitoring', path), 'utf8')) as T;
const { prometheus, grafana } = everything().services;
const main = read<{ scrape_config_files: string[]; scrape_configs: ScrapeConfig[] }>('prometheus.yaml');

describe('Prometheus', () => {
  it('is given its configuration, and the files of each organisation where that looks for them', () => {
    expect(prometheus?.command).toContain('--config.file=/config/prometheus.yaml');
    const globs = [
      ...main.scrape_config_files,
      ...(main.scrape_configs[0]?.file_sd_configs?.[0]?.files ?? []),
    ];
    expect(globs).toEqual(['/messenger-proxies/*.yaml', '/targets/*.yaml']);
    const given = ORGANISATIONS.flatMap((name) => globs.map((glob) => glob.replace('*', name)));
    expect(mountsOf(prometheus ?? {})).toEqual(expect.arrayContaining(['/config/prometheus.yaml', ...given]));
  });

  it.each(ORGANISATIONS)('asks the processes of %s where they tell their metrics', (name) => {
    const groups = read<{ labels: Record<string, string>; targets: string[] }[]>(`targets/${name}.yaml`);
    const asked = groups.map(({ labels, targets }) => ({ labels, targets }));
    const apps = ['as-ingress', 'fhir-ingress', 'fhir-mapper', 'room-manager'];
    expect(asked).toMatchObject([
      ...apps.map((app) => ({ labels: { organisation: name, app }, targets: [`${name}-${app}:8080`] })),
      {
        labels: { organisation: name, app: 'synapse', __metrics_path__: '/_synapse/metrics' },
        targets: [`${name}-synapse:9000`],
      },
    ]);
  });

  it.each(ORGANISATIONS)('asks the messenger proxy of %s at its inner port, where there is one', (name) => {
    const [job] = read<{ scrape_configs: ScrapeConfig[] }>(`messenger-proxies/${name}.yaml`).scrape_configs;
    expect(job?.dns_sd_configs).toEqual([{ names: [`${name}-messenger-proxy`], type: 'A', port: 1233 }]);
    expect(job?.relabel_configs).toEqual(
      expect.arrayContaining([
        { target_label: 'organisation', replacement: name },
        { target_label: 'app', replacement: 'messenger-proxy' },
      ]),
    );
  });
});

describe('Grafana', () => {
  it('asks that Prometheus, and shows the dashboards of the chart', () => {
    const { datasources } = read<{ datasources: { url: string; editable: boolean }[] }>(
      'grafana/datasources/prometheus.yaml',
    );
    expect(datasources).toMatchObject([{ url: 'http://prometheus:9090', editable: false, isDefault: true }]);
    const { providers } = read<{ providers: { options: { path: string } }[] }>(
      'grafana/dashboards/bridge.yaml',
    );
    const mounted = grafana?.volumes?.find(({ target }) => target === providers[0]?.options.path);
    expect(mounted?.source).toBe(join(COMPOSE_FOLDER, '../helm/fhir-matrix-bridge/dashboards'));
    expect(mountsOf(grafana ?? {})).toContain('/etc/grafana/provisioning');
  });

  it('lets in who has the password, and tells nobody outside', () => {
    expect(grafana?.environment).toMatchObject({
      GF_SECURITY_ADMIN_PASSWORD__FILE: '/run/secrets/grafana_password',
      GF_AUTH_ANONYMOUS_ENABLED: 'false',
      GF_USERS_ALLOW_SIGN_UP: 'false',
      GF_SNAPSHOTS_EXTERNAL_ENABLED: 'false',
      GF_ANALYTICS_REPORTING_ENABLED: 'false',
      GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    });
  });
});
