import { UserId } from '@bridge/contracts';
import type { StateEvent } from './container-state';

export interface BridgeInfoInput {
  readonly bot: UserId;
  readonly serverName: string;
  readonly organisation: string;
  /** What the Space or Room stands for, as an opaque id that it keeps: the localpart of its alias. */
  readonly channel: string;
}

/**
 * Says that a room is bridged and to what (MSC2346), under the final name and the one that clients read today.
 * The channel is opaque: state is copied to every server.
 */
export function bridgeInfo({ bot, serverName, organisation, channel }: BridgeInfoInput): StateEvent[] {
  const content = {
    bridgebot: bot,
    protocol: { id: 'fhir', displayname: 'FHIR' },
    network: { id: serverName, displayname: organisation },
    channel: { id: channel },
  };
  const stateKey = `fhir://${serverName}/${channel}`;
  return ['m.bridge', 'uk.half-shot.bridge'].map((type) => ({ type, stateKey, content }));
}
