import { patientWords, pseudoBsn } from '../example-data';
import type { Thread } from './play';

/**
 * Where patient data would be seen by others: names, topics, aliases, members' names and every other state event of
 * Space and Room. The one invite to another homeserver may carry the pseudonym, and nothing else may.
 * @returns what was found where it must not be; empty when all is well
 */
export async function patientDataInState({ network, spaceId, roomId }: Thread): Promise<string[]> {
  const findings: string[] = [];
  for (const room of [spaceId, roomId]) {
    for (const event of await network.nurse.matrix.state(room)) {
      const text = JSON.stringify(event);
      const words: string[] = patientWords.filter((word) => text.includes(word));
      if (event.type !== 'm.room.member' && text.includes(pseudoBsn)) words.push(pseudoBsn);
      findings.push(...words.map((word) => `${word} in ${event.type} of ${room}`));
    }
  }
  return findings;
}
