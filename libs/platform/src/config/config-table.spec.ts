import { configTable } from './config-table';
import { describeSettings } from './describe-settings';
import { configSections, settingsOf } from './settings';

const all = configSections.flatMap((section) =>
  settingsOf(section).map(([key, setting]) => ({ section, key, setting })),
);

describe('the tree of settings', () => {
  it('gives each setting its own variable, and none that a _FILE variable would hide', () => {
    const names = all.map(({ setting }) => setting.env);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[A-Z][A-Z0-9_]*$/.test(name) || name.endsWith('_FILE'))).toEqual([]);
  });

  it('documents each setting in one sentence and says what is expected', () => {
    for (const { setting } of all) {
      expect(setting.doc).toMatch(/^[^\n]+\.$/);
      expect(setting.schema.description).toBeTruthy();
    }
  });

  it('has only defaults that its own schema accepts', () => {
    const withDefault = all.filter(({ setting }) => setting.default !== undefined);
    expect(withDefault.length).toBeGreaterThan(20);
    for (const { setting } of withDefault) {
      expect([setting.env, setting.schema.safeParse(setting.default).success]).toEqual([setting.env, true]);
    }
  });
});

describe('configTable', () => {
  it('has five cells in every row and a row for every setting', () => {
    const lines = configTable().trimEnd().split('\n');
    expect(lines).toHaveLength(all.length + 2);
    for (const line of lines) expect(line.split(/(?<!\\)\|/)).toHaveLength(7);
  });

  it('shows what is required, what is secret and what the default is', () => {
    const row = (name: string) =>
      configTable()
        .split('\n')
        .find((line) => line.includes(`\`${name}\``));
    expect(row('DATABASE_URL')).toMatch(/\| required \| yes \|$/);
    expect(row('NATS_URL')).toMatch(/\| `nats:\/\/127\.0\.0\.1:4222` \| yes \|$/);
    expect(row('FHIR_BEARER_TOKEN')).toMatch(/\| not set \| yes \|$/);
    expect(row('HTTP_PORT')).toMatch(/\| `8080` \| +\|$/);
  });

  it('is the same text every time', () => {
    expect(configTable()).toBe(configTable());
  });
});

describe('describeSettings', () => {
  it('shows the settings of the named sections only', () => {
    const text = describeSettings(['appservice']);
    expect(text).toContain('MATRIX_HS_TOKEN or MATRIX_HS_TOKEN_FILE (appservice.hsToken)');
    expect(text).not.toContain('HTTP_PORT');
  });
});
