/*
 * The part of CloudNativePG's Cluster (API reference, postgresql.cnpg.io/v1) that the chart and its variants write. No
 * package has the whole of it. What is added to the chart has to be added here, after a look into the reference.
 */

interface Quantities {
  cpu?: string;
  memory?: string;
}

interface Storage {
  size?: string;
  storageClass?: string;
}

export interface ICluster {
  apiVersion: 'postgresql.cnpg.io/v1';
  kind: 'Cluster';
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: {
    instances: number;
    imageName?: string;
    enableSuperuserAccess?: boolean;
    enablePDB?: boolean;
    bootstrap?: { initdb?: { database?: string; owner?: string; encoding?: string } };
    storage?: Storage;
    walStorage?: Storage;
    resources?: { requests?: Quantities; limits?: Quantities };
    backup?: { retentionPolicy?: string };
  };
}
