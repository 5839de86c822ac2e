import { BRIDGE_APPS, type BridgeApp, bridgeProcess } from '../../deploy/local/src/bridge';
import type { ManagedProcess } from '../../deploy/local/src/child-process';
import { freePorts } from '../../deploy/local/src/free-port';
import type { Stack } from '../../deploy/local/src/stack';
import { TcpProxy } from '../chaos/tcp-proxy';

/** One of the two processes of an app. */
export interface RunningReplica {
  readonly app: BridgeApp;
  readonly process: ManagedProcess;
}

/**
 * The bridge of a stack with two processes of each app, in place of the stack's own, which are never started. The
 * ingresses' are behind a load balancer, where the homeserver and the FHIR server call.
 */
export class ReplicatedBridge {
  private constructor(
    /** The two of an app one after the other, in the order in which an operator restarts them. */
    readonly replicas: readonly RunningReplica[],
    private readonly balancers: readonly TcpProxy[],
  ) {}

  /** @throws Error with the end of the log of what did not start; none is left running then */
  static async start({ environment }: Stack): Promise<ReplicatedBridge> {
    const replicas: RunningReplica[] = [];
    const balancers: TcpProxy[] = [];
    for (const app of BRIDGE_APPS) {
      const ports = await freePorts(2);
      for (const [index, port] of ports.entries()) {
        replicas.push({
          app,
          process: bridgeProcess(app, environment, { name: `${app} ${index + 1}`, port }),
        });
      }
      if (app.endsWith('-ingress')) balancers.push(await TcpProxy.start(environment.ports[app], ports));
    }
    const bridge = new ReplicatedBridge(replicas, balancers);
    try {
      // Two at a time: eight that read their libraries at once take half a minute on two cores.
      for (const app of BRIDGE_APPS) await Promise.all(bridge.of(app).map((process) => process.start()));
      return bridge;
    } catch (error) {
      await bridge.stop();
      throw error;
    }
  }

  of(app: BridgeApp): ManagedProcess[] {
    return this.replicas.filter((replica) => replica.app === app).map(({ process }) => process);
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.map(({ process }) => process.stop()));
    await Promise.all(this.balancers.map((balancer) => balancer.stop()));
  }
}
