import { FhirRef, typeOf } from '@bridge/contracts';
import { systems } from '@bridge/mapping';
import { DirectoryStore, type Listed } from '@bridge/persistence';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { MatrixError } from './matrix-error';
import { OwnNamespace, readableUserId } from './own-namespace';

/** As in the registration file. */
const PROTOCOL = 'fhir';

/** What a query holds: a text, a list where a name is repeated, and under any name that the asker chose. */
type Fields = Readonly<Record<string, unknown>>;
type Found = { readonly protocol: string; readonly fields: Readonly<Record<string, string>> };

/** A UZI number is digits; whatever is printable cannot do harm. */
const UZI = new RegExp(`^${systems.uzi.replace(/[.]/g, '\\.')}\\|([!-~]{1,64})$`);

/**
 * The third-party lookups (Application Service API, "Third-party networks"): who in Matrix is the person, and which
 * Space the care team, that FHIR names; and back. The homeserver lets all its users ask, guests too, so the answers hold
 * references and Matrix ids, no names, and never a patient. Whatever cannot be found is an empty list.
 */
@Controller('_matrix/app/v1/thirdparty')
export class ThirdPartyController {
  constructor(
    private readonly own: OwnNamespace,
    private readonly directory: DirectoryStore,
  ) {}

  @Get('protocol/:protocol')
  protocol(@Param('protocol') protocol: string): object {
    checkProtocol(protocol);
    return {
      user_fields: ['reference', 'identifier'],
      location_fields: ['careTeam'],
      // Required by the specification; there is no picture of FHIR on the homeserver.
      icon: '',
      field_types: {
        reference: {
          regexp: '(Practitioner|RelatedPerson)/[A-Za-z0-9.-]{1,64}',
          placeholder: 'Practitioner/1',
        },
        identifier: { regexp: '[^|]+\\|[^|]+', placeholder: `${systems.uzi}|number` },
        careTeam: { regexp: 'CareTeam/[A-Za-z0-9.-]{1,64}', placeholder: 'CareTeam/1' },
      },
      instances: [{ network_id: PROTOCOL, desc: 'FHIR', fields: {} }],
    };
  }

  /** By `reference` (`Practitioner/1`), by `identifier` (`system|value`; UZI numbers), or by both at once. */
  @Get('user/:protocol')
  async user(
    @Param('protocol') protocol: string,
    @Query() query: Fields,
  ): Promise<(Found & { userid: string })[]> {
    checkProtocol(protocol);
    const persons = await this.persons(query);
    return persons.map(({ userId, fhirRef }) => ({
      userid: userId,
      protocol,
      fields: { reference: fhirRef },
    }));
  }

  /** By `careTeam` (`CareTeam/1`). */
  @Get('location/:protocol')
  async location(
    @Param('protocol') protocol: string,
    @Query('careTeam') reference: unknown,
  ): Promise<(Found & { alias: string })[]> {
    checkProtocol(protocol);
    const careTeam = FhirRef.safeParse(reference).data;
    if (!careTeam || typeOf(careTeam) !== 'CareTeam') return [];
    const localpart = await this.directory.spaceAlias(careTeam);
    return localpart === undefined
      ? []
      : [{ alias: this.own.aliasOf(localpart), protocol, fields: { careTeam } }];
  }

  @Get('user')
  async behindUser(@Query('userid') text: unknown): Promise<(Found & { userid: string })[]> {
    const userid = typeof text === 'string' ? readableUserId(text) : undefined;
    if (!userid) return [];
    const persons = await this.directory.personsBehind(userid);
    return persons.map((reference) => ({ userid, protocol: PROTOCOL, fields: { reference } }));
  }

  @Get('location')
  async behindAlias(@Query('alias') alias: unknown): Promise<(Found & { alias: string })[]> {
    const localpart = typeof alias === 'string' ? this.own.aliasLocalpart(alias) : undefined;
    const careTeam = localpart === undefined ? undefined : await this.directory.careTeamOf(localpart);
    return careTeam ? [{ alias: alias as string, protocol: PROTOCOL, fields: { careTeam } }] : [];
  }

  private async persons({ reference, identifier }: Fields): Promise<Listed[]> {
    const fhirRef = FhirRef.safeParse(reference).data;
    const uziNr = typeof identifier === 'string' ? UZI.exec(identifier)?.[1] : undefined;
    // A field that cannot be read matches nobody; it is not as if it had not been given.
    if ((reference !== undefined && !fhirRef) || (identifier !== undefined && uziNr === undefined)) return [];
    if (fhirRef) return this.directory.persons({ fhirRef, uziNr });
    return uziNr === undefined ? [] : this.directory.persons({ uziNr });
  }
}

function checkProtocol(protocol: string): void {
  if (protocol !== PROTOCOL)
    throw new MatrixError(404, 'M_NOT_FOUND', 'The bridge does not know this protocol.');
}
