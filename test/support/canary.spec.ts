import { lookAt, tableOf } from './canary';

const place = (pieces: string[], more = {}) => ({
  name: 'a place',
  read: async () => pieces,
  atLeast: 1,
  ...more,
});
const problems = async (pieces: string[], more = {}) =>
  (await lookAt(place(pieces, more), ['Oosterhuis', '1941-07-23'])).problems;

it.each([
  ['as it is', 'Mevrouw Oosterhuis'],
  ['in another case', 'room of OOSTERHUIS'],
  ['within a word', 'carers-oosterhuis-x'],
  ['as bytes of a database', '\\x4f6f7374657268756973'],
])('finds a canary %s', async (_how, text) => {
  expect(await problems(['nothing', text])).toHaveLength(1);
});

it('finds nothing where there is nothing, and says how much it has seen', async () => {
  const look = await lookAt(place(['some', 'words']), ['Oosterhuis']);
  expect(look).toEqual({ place: 'a place', pieces: 2, bytes: 9, problems: [] });
  expect(tableOf([look])).toBe('a place  2  9  nothing found');
});

it('does not take a place that holds too little, nothing, or cannot be read for a good one', async () => {
  expect(await problems(['x'], { atLeast: 2 })).toHaveLength(1);
  expect(await problems([''])).toHaveLength(1);
  const broken = { read: () => Promise.reject(new Error('no such file')) };
  expect(await problems([], broken)).toEqual(['could not be read: Error: no such file']);
});

it('lets pass what is allowed, as often as it is', async () => {
  const allowed = { Oosterhuis: 1 };
  expect(await problems(['Oosterhuis'], { allowed })).toEqual([]);
  expect(await problems(['Oosterhuis', 'Oosterhuis'], { allowed })).toHaveLength(1);
  expect(await problems(['Oosterhuis', '1941-07-23'], { allowed })).toHaveLength(1);
});
