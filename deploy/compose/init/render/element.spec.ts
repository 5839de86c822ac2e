import { threeOrganisations } from '../../../check/compose/three-organisations';
import { readSettings } from '../settings';
import { elementConfig, elementServer } from './element';

const vvt = readSettings({ ...threeOrganisations, VVT_TITLE: 'VVT De Linde' }).federation.organisations.find(
  ({ name }) => name === 'vvt',
)!;

describe('Element', () => {
  it('knows this homeserver and no other, and calls nobody else', () => {
    const text = elementConfig(vvt);
    expect(JSON.parse(text)).toMatchObject({
      default_server_config: { 'm.homeserver': { base_url: 'https://vvt:8448', server_name: 'vvt' } },
      disable_custom_urls: true,
      disable_guests: true,
      disable_3pid_login: true,
      integrations_ui_url: null,
      integrations_rest_url: null,
      integrations_widgets_urls: [],
      bug_report_endpoint_url: null,
      brand: 'VVT De Linde',
    });
    const called = [...text.matchAll(/https?:\/\/[^"]+/g)].map(([url]) => url);
    expect(called).toEqual(['https://vvt:8448']);
  });

  it('has its pages load nothing from elsewhere, and be in no frame', () => {
    const [, policy = ''] = /Content-Security-Policy "([^"]+)"/.exec(elementServer(vvt)) ?? [];
    const rules = new Map(policy.split('; ').map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1)]));
    expect(rules.get('default-src')).toEqual(["'none'"]);
    expect(rules.get('frame-ancestors')).toEqual(["'none'"]);
    expect(rules.get('connect-src')).toEqual(["'self'", 'https://vvt:8448']);
    for (const [name, sources = []] of rules) {
      const others = sources.filter((source) => /^\*|^https?:/.test(source) && source !== 'https://vvt:8448');
      expect([name, others]).toEqual([name, []]);
    }
    expect(rules.get('script-src')).not.toContain("'unsafe-inline'");
  });
});
