import { AnsweredPulls } from './answered-pulls';

const all = undefined;

it('tells the trace of the pull that has answered another one', () => {
  const pulls = new AnsweredPulls();
  pulls.note('ehr', all, { upTo: 5, traceparent: 'of everything' });
  expect(pulls.answersTo('ehr', ['Task'], 5)).toEqual([{ upTo: 5, traceparent: 'of everything' }]);
  expect(pulls.answersTo('ehr', all, 6)).toBeUndefined();
});

it('tells the traces of all pulls that together have answered one', () => {
  const pulls = new AnsweredPulls();
  pulls.note('ehr', ['Task'], { upTo: 5, traceparent: 'of Task' });
  expect(pulls.answersTo('ehr', ['Task', 'CareTeam'], 4)).toBeUndefined();
  pulls.note('ehr', ['CareTeam'], { upTo: 6, traceparent: 'of CareTeam' });
  const answers = pulls.answersTo('ehr', ['Task', 'CareTeam'], 4);
  expect(answers?.map(({ traceparent }) => traceparent)).toEqual(['of Task', 'of CareTeam']);
});

it('an earlier pull does not take the place of a later one', () => {
  const pulls = new AnsweredPulls();
  pulls.note('ehr', all, { upTo: 9, traceparent: 'later' });
  pulls.note('ehr', all, { upTo: 5, traceparent: 'earlier' });
  expect(pulls.answersTo('ehr', all, 8)).toEqual([{ upTo: 9, traceparent: 'later' }]);
});
