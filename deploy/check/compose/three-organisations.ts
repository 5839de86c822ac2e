import type { Settings } from '../../compose/init/settings';

/** What `init` of deploy/compose is told of the federation of three, for tests of what it makes. */
export const threeOrganisations: Settings = {
  APOTHEEK_SERVER_NAME: 'apotheek',
  APOTHEEK_SUBNET: '172.30.1.0/24',
  HUISARTS_SERVER_NAME: 'huisarts',
  HUISARTS_SUBNET: '172.30.2.0/24',
  VVT_SERVER_NAME: 'vvt',
  VVT_SUBNET: '172.30.3.0/24',
};
