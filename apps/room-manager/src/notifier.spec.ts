import type { AuditTrail } from '@bridge/audit';
import { EventId, MessageOf, RoomId, TransientError, UserId } from '@bridge/contracts';
import { textsIn } from '@bridge/mapping';
import type { Rooms } from '@bridge/matrix';
import type { ToldOnceStore } from '@bridge/persistence';
import type { BotVoice, Saying } from './bot-voice';
import type { Languages } from './languages';
import type { ManagerConfig } from './manager-config';
import { Notifier } from './notifier';
import type { RoomReconciler } from './room-reconciler';

/* Deaths between two lines, which no real homeserver can be asked for. */

const anna = UserId.parse('@anna:vvt.example');
const room = RoomId.parse('!room');
const notice = (event: string, once: boolean): MessageOf<'command.send-notice'> => ({
  roomId: room,
  inReplyTo: EventId.parse(event),
  to: anna,
  notice: 'unreadable-encrypted',
  once,
});

function notifier() {
  const said: Saying[] = [];
  const refused: (string | undefined)[] = [];
  const told = new Set<string>();
  const faults = { say: false, told: false };
  const voice = {
    say: async (saying: Saying) => {
      if (faults.say) throw new TransientError('homeserver-away', 'away', { advice: '' });
      said.push(saying);
      return EventId.parse('$answer');
    },
  };
  const tellings = {
    wasTold: async (telling: object) => told.has(JSON.stringify(telling)),
    told: async (telling: object) => {
      if (faults.told) throw new Error('died');
      told.add(JSON.stringify(telling));
    },
  };
  const service = new Notifier(
    { event: async () => undefined } as unknown as Rooms,
    voice as unknown as BotVoice,
    { textsFor: async () => textsIn('nl') } as unknown as Languages,
    tellings as unknown as ToldOnceStore,
    { reconcile: async () => RoomId.parse('!made') } as unknown as RoomReconciler,
    { refused: async (_key, { reason }) => void refused.push(reason) } as AuditTrail,
    { serverName: 'vvt.example:8448' } as ManagerConfig,
  );
  return { service, said, refused, faults };
}

describe('what somebody is told once in a Room', () => {
  it('is said for the first event only', async () => {
    const { service, said } = notifier();
    await service.notify(notice('$1', true));
    await service.notify(notice('$2', true));
    expect(said.map(({ to }) => to?.eventId)).toEqual(['$1']);
  });

  it('is not taken for said when it could not be said', async () => {
    const { service, said, faults } = notifier();
    faults.say = true;
    await expect(service.notify(notice('$1', true))).rejects.toThrow('away');
    faults.say = false;
    await service.notify(notice('$1', true));
    expect(said).toHaveLength(1);
  });

  it('is the same event at the homeserver when it comes again before it was noted', async () => {
    const { service, said, faults } = notifier();
    faults.told = true;
    await expect(service.notify(notice('$1', true))).rejects.toThrow('died');
    faults.told = false;
    await service.notify(notice('$1', true));
    expect(new Set(said.map(({ transactionId }) => transactionId)).size).toBe(1);
  });

  it('has nothing to do with what is said each time', async () => {
    const { service, said } = notifier();
    await service.notify(notice('$1', false));
    await service.notify(notice('$2', false));
    expect(said).toHaveLength(2);
  });
});

describe('a notice', () => {
  it('is in the language of whom it is for', async () => {
    const { service, said } = notifier();
    await service.notify(notice('$1', false));
    expect(said[0]?.answer.text).toBe(textsIn('nl').notices['unreadable-encrypted']({}));
  });

  it('of a new conversation links to its Room', async () => {
    const { service, said } = notifier();
    const details = { conversation: 'CommunicationRequest/1' };
    await service.notify({ ...notice('$1', false), notice: 'conversation-started', details });
    expect(said[0]?.answer.text).toContain('https://matrix.to/#/!made?via=vvt.example%3A8448');
  });
});

describe('the audit', () => {
  it('hears of what was not done as somebody wished, and not of what was', async () => {
    const { service, refused } = notifier();
    const wellDone = { ...notice('$2', false), notice: 'conversation-archived' as const };
    await service.notify(notice('$1', false));
    await service.notify(wellDone);
    expect(refused).toEqual(['unreadable-encrypted']);
  });
});
