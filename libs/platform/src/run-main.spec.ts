import { runMain } from './run-main';

const entry = {
  app: 'as-ingress',
  purpose: 'Accepts what the homeserver pushes.',
  sections: ['appservice'] as const,
};
const TOKEN = 'a-token-of-at-least-thirty-two-characters';
const argv = process.argv;

let standardError: string;
let exited: Promise<number>;
beforeEach(() => {
  standardError = '';
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((standardError += String(text)), true));
  exited = new Promise((resolve) => {
    jest.spyOn(process, 'exit').mockImplementation(((code: number) => resolve(code)) as never);
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  process.argv = argv;
  delete process.env.MATRIX_HS_TOKEN;
});

describe('runMain', () => {
  it('hands the configuration to main', async () => {
    process.env.MATRIX_HS_TOKEN = TOKEN;
    const config = await new Promise((resolve) => runMain(entry, async (read) => resolve(read)));
    expect(config).toMatchObject({ appservice: { id: 'fhir-matrix-bridge', hsToken: TOKEN } });
  });

  it('ends with status 2 and all mistakes on standard error, before main runs', async () => {
    const main = jest.fn();
    runMain(entry, main);
    expect(await exited).toBe(2);
    expect(standardError).toContain('MATRIX_HS_TOKEN (appservice.hsToken): is required and not set');
    expect(main).not.toHaveBeenCalled();
  });

  it('ends with status 1 when main fails', async () => {
    process.env.MATRIX_HS_TOKEN = TOKEN;
    runMain(entry, () => Promise.reject(new Error('no')));
    expect(await exited).toBe(1);
    expect(standardError).toBe('as-ingress: no\n');
  });

  it('prints the purpose and its own settings for --help, without reading any', () => {
    process.argv = [...argv, '--help'];
    let standardOutput = '';
    jest
      .spyOn(process.stdout, 'write')
      .mockImplementation((text) => ((standardOutput += String(text)), true));
    const main = jest.fn();
    runMain(entry, main);
    expect(standardOutput).toContain('as-ingress: Accepts what the homeserver pushes.');
    expect(standardOutput).toContain('MATRIX_HS_TOKEN');
    expect(standardOutput).not.toContain('DATABASE_URL');
    expect(main).not.toHaveBeenCalled();
  });
});
