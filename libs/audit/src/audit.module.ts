import { DynamicModule, Module } from '@nestjs/common';
import { FhirClient } from '@bridge/fhir';
import { AuditOutboxStore } from '@bridge/persistence';
import { type Config, Metrics } from '@bridge/platform';
import { AuditSender } from './audit-sender';
import { AuditTrail } from './audit-trail';
import { DeadLetterAudit } from './dead-letter-audit';

/** The FHIR server that takes the AuditEvents. The record's credentials go to no other server. */
const AUDIT_SERVER = Symbol('auditServer');

type AuditConfig = Pick<Config, 'audit' | 'fhir' | 'matrix'>;

@Module({})
export class AuditModule {
  /** Global: the trail of a worker. */
  static forRoot({ audit, matrix }: AuditConfig): DynamicModule {
    const config = { enabled: audit.enabled, serverName: matrix.serverName };
    return {
      module: AuditModule,
      global: true,
      providers: [
        {
          provide: AuditTrail,
          useFactory: (outbox: AuditOutboxStore, metrics: Metrics) => new AuditTrail(outbox, config, metrics),
          inject: [AuditOutboxStore, Metrics],
        },
        DeadLetterAudit,
      ],
      exports: [AuditTrail],
    };
  }
}

@Module({})
export class AuditSenderModule {
  /** Brings what all workers have told to the audit server; also what is left when the audit was switched off. */
  static forRoot({ audit, fhir }: AuditConfig): DynamicModule {
    return {
      module: AuditSenderModule,
      providers: [
        audit.url
          ? { provide: AUDIT_SERVER, useFactory: () => new FhirClient(ofItsOwn(audit.url!, audit, fhir)) }
          : { provide: AUDIT_SERVER, useExisting: FhirClient },
        {
          provide: AuditSender,
          useFactory: (outbox: AuditOutboxStore, server: FhirClient, metrics: Metrics) =>
            new AuditSender(outbox, server, metrics),
          inject: [AuditOutboxStore, AUDIT_SERVER, Metrics],
        },
      ],
    };
  }
}

/** Of the record's settings what holds for any server: how long to wait, and which authorities to trust. */
function ofItsOwn(baseUrl: string, { bearerToken }: Config['audit'], fhir: Config['fhir']): Config['fhir'] {
  const auth = bearerToken === undefined ? 'none' : 'bearer';
  const nothing = { headers: undefined, tlsCertificate: undefined, tlsKey: undefined };
  return { ...fhir, ...nothing, baseUrl, auth, bearerToken };
}
