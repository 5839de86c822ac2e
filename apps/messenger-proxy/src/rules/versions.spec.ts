import { withVersionCeiling } from './versions';

it('leaves out what is newer than the ceiling and all that is unstable', () => {
  const answer = {
    versions: ['r0.6.1', 'v1.1', 'v1.9', 'v1.10', 'v1.11', 'v1.12', 'v1.100', 'v2.0', 'x', 7],
    unstable_features: { 'org.matrix.msc1': true },
    more: 1,
  };
  expect(withVersionCeiling(answer, 'v1.11')).toEqual({
    versions: ['r0.6.1', 'v1.1', 'v1.9', 'v1.10', 'v1.11'],
    unstable_features: {},
    more: 1,
  });
});
