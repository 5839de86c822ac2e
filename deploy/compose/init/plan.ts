/** Where the parts of one organisation are, as the other parts see them. Only tests have others than `containerPlaces`. */
export interface Places {
  readonly homeserver: {
    /** Address it listens on. */
    readonly listen: string;
    readonly clientPort: number;
    readonly metricsPort: number;
    /** The Client-Server API, plain HTTP: for the bridge and the proxy. */
    readonly url: string;
    /** Folders as the homeserver sees them: its log configuration, its secrets, registrations, authorities, media. */
    readonly config: string;
    readonly secrets: string;
    readonly registrations: string;
    readonly trust: string;
    readonly state: string;
    readonly database: Address;
  };
  readonly bridge: {
    readonly asIngressUrl: string;
    readonly fhirIngressUrl: string;
    readonly database: Address;
  };
  readonly nats: {
    readonly listen: string;
    readonly port: number;
    readonly monitorPort: number;
    /** Host and port as the bridge reaches it. */
    readonly address: Address;
    readonly monitorUrl: string;
    readonly state: string;
  };
  readonly fhir: { readonly url: string };
  readonly mautrix: { readonly url: string; readonly port: number; readonly database: Address };
  /** The messenger proxy as nginx and the homeserver reach it, and the federation list as it sees it. */
  readonly messengerProxy: {
    readonly inboundUrl: string;
    readonly outboundUrl: string;
    readonly contactsUrl: string;
    readonly informationUrl: string;
    readonly list: string;
  };
  /** Files as the proxy sees them. */
  readonly proxy: { readonly certificate: string; readonly key: string; readonly wellKnown: string };
  readonly element: { readonly port: number; readonly config: string; readonly web: string };
  /** Port of this organisation in the admin service, and where that service finds Ketesa. */
  readonly admin: { readonly port: number; readonly ketesaUrl: string };
}

/** Host and port of a server. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** One organisation with a homeserver and a bridge of its own. */
export interface OrganisationPlan {
  /** Short and lower case: it begins the names of containers and folders. */
  readonly name: string;
  /** What follows the colon in Matrix ids. */
  readonly serverName: string;
  /** The organisation's name as people read it. */
  readonly title: string;
  /** Where clients find the homeserver, without a slash at the end. */
  readonly publicUrl: string;
  /** Host and port where other homeservers find it. */
  readonly federationAddress: string;
  /** Networks (CIDR) in which the homeserver may call others although they are private. */
  readonly privateNetworks: readonly string[];
  /** Whether the example of a second bridge (mautrix-signal) is registered with the homeserver. */
  readonly mautrix: boolean;
  /** Whether the messenger proxy stands before the homeserver, on the way in and on the way out. */
  readonly messengerProxy: boolean;
  /** Who reports of calls say that they are of: Telematik-ID, and the OID of what the organisation is. */
  readonly telematikId?: string;
  readonly professionOid?: string;
  readonly places: Places;
}

/** All that one machine runs, and the servers elsewhere that it federates with. */
export interface FederationPlan {
  readonly organisations: readonly OrganisationPlan[];
  /** Server names of organisations that run elsewhere. */
  readonly peers: readonly string[];
  /** File names of the authorities that are trusted, own one first. */
  readonly authorities: readonly string[];
  readonly supportEmail?: string;
  readonly turn?: TurnPlan;
  readonly messengerProxies: MessengerProxyPlan;
  readonly proxy: {
    readonly ports: readonly number[];
    /** Where nginx answers its health check: host and port. */
    readonly health: string;
    /** DNS server that nginx asks for the homeservers; not set where they are addresses. */
    readonly resolver?: string;
    /** Folder of the servers' files, and one that may be written, as nginx sees them. */
    readonly servers: string;
    readonly temporary: string;
  };
}

/** A TURN server for calls, which all homeservers here share. */
export interface TurnPlan {
  readonly host: string;
  readonly port: number;
  readonly relayPorts: readonly [from: number, to: number];
  /** Public address, where the machine is behind address translation. */
  readonly externalAddress?: string;
}

/** What all messenger proxies here have in common. */
export interface MessengerProxyPlan {
  readonly profile: 'closed-federation' | 'tim';
  /** Who may invite people here; not set: as the profile has it. */
  readonly invites?: string;
  /** URL of a federation list that somebody else signs; not set: the file that is made here, or put there. */
  readonly list?: string;
  /** Where a directory is asked who may invite whom, whom to write to for help, and where reports of calls go. */
  readonly directoryUrl?: string;
  readonly registrationUrl?: string;
  readonly rawDataUrl?: string;
  /** Hosts beside homeservers that may be called. */
  readonly otherHosts: readonly string[];
}

/** A file that an organisation or the federation needs. */
export interface RenderedFile {
  /** Below the data folder. */
  readonly path: string;
  readonly content: string;
  /** Whether it holds a secret: then nobody but its owner may read it. */
  readonly secret: boolean;
}
